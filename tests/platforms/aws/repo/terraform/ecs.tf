provider "aws" {
  region = "eu-west-1"
}

resource "aws_lb_target_group" "search" {
  health_check {
    path                = "/ready"
    interval            = 15
    unhealthy_threshold = 2
  }
}

resource "aws_ecs_service" "search" {
  name          = "search"
  desired_count = 2

  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  load_balancer {
    container_port = 9000
  }
}
