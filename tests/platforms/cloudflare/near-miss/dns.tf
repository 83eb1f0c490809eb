# resource "cloudflare_dns_record" "www" {
