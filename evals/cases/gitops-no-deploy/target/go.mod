module github.com/basalt/quotes

go 1.23
