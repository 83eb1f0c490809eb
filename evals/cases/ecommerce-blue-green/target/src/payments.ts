import Stripe from "stripe";

const stripe = new Stripe(process.env.STRIPE_KEY ?? "");

export async function charge(amount: number, customer: string): Promise<string> {
  const intent = await stripe.paymentIntents.create({ amount, currency: "eur", customer, confirm: true });
  return intent.id;
}
