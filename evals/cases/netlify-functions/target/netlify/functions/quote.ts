export default async () => new Response("42")
