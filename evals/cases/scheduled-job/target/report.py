import requests


def main() -> None:
    rows = requests.get("https://data.millrace.example/rows", timeout=30).json()
    print(len(rows))


if __name__ == "__main__":
    main()
