"""What watches the target today: alerts, objectives, runbooks, owners, instrumentation and routing."""
