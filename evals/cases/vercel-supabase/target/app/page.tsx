import { supabase } from "../lib/supabase";

export default async function Page() {
  const { data } = await supabase.from("habits").select("id, name");
  return <ul>{(data ?? []).map((habit) => <li key={habit.id}>{habit.name}</li>)}</ul>;
}
