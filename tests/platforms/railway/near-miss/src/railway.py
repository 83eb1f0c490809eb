GAUGE = "1435 mm"
