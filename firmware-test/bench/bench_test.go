package main

import (
	"math"
	"strings"
	"testing"
)

func TestSlope(t *testing.T) {
	if s := slopeOf([]float64{0, 1, 2, 3}, []int64{10, 30, 50, 70}); math.Abs(s-20) > 1e-9 {
		t.Errorf("slope %v", s)
	}
	if s := slopeOf([]float64{0, 1, 2, 3}, []int64{5, 5, 5, 5}); s != 0 {
		t.Errorf("slope of a constant %v", s)
	}
}

func TestFigureSaysWhatWasMissed(t *testing.T) {
	var e env
	e.add("a", "1", "<= 2", true)
	e.add("b", "3", "<= 2", false)
	e.add("c", "3", "", false)
	if strings.Contains(e.figures[0].String(), "MISSED") || !strings.Contains(e.figures[1].String(), "MISSED") || strings.Contains(e.figures[2].String(), "MISSED") {
		t.Errorf("%v", e.figures)
	}
	if sizeOf(t.TempDir()) != 0 {
		t.Error("an empty directory has a size")
	}
}
