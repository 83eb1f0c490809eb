package main

import "testing"

func TestRequestsHaveRoutes(t *testing.T) {
	if requests == nil {
		t.Fatal("no counter")
	}
}
