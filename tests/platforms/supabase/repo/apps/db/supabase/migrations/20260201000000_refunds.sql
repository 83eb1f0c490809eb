alter table orders add column refunded_at timestamptz;
