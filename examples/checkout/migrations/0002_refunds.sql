ALTER TABLE orders
    ADD COLUMN refund_id text,
    ADD COLUMN refunded_at timestamptz;
