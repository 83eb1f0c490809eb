set -e
curl --fail "$1/ready"
