"""The checkout service: orders, payments and refunds."""
