CREATE TABLE orders (
    id           uuid PRIMARY KEY,
    sku          text NOT NULL,
    quantity     integer NOT NULL CHECK (quantity > 0),
    amount_cents integer NOT NULL CHECK (amount_cents > 0),
    currency     char(3) NOT NULL,
    payment_id   text NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX orders_created_at ON orders (created_at);
