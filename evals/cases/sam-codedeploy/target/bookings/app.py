import json
import os

import boto3
from aws_lambda_powertools import Logger, Metrics, Tracer

logger = Logger(service="bookings")
metrics = Metrics(namespace="bookings")
tracer = Tracer()
table = boto3.resource("dynamodb").Table(os.environ.get("TABLE", "bookings"))


@tracer.capture_lambda_handler
@metrics.log_metrics
def handler(event, context):
    if event["rawPath"].endswith("/health"):
        return {"statusCode": 200, "body": json.dumps({"status": "ok"})}
    table.put_item(Item=json.loads(event["body"]))
    return {"statusCode": 201, "body": "{}"}
