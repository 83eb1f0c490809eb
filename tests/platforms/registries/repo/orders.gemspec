Gem::Specification.new do |spec|
  spec.name = "orders"
end
