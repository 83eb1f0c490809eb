# resource "aws_instance" "old" {}
terraform {
  required_version = ">= 1.10"
}

module "orders" {
  source = "../../modules/orders"
}
