package sql

import "strconv"

// Expr is a condition of WHERE: *And, *Or, *Not, *Compare, *Between, *In, *Like, *IsNull or
// *Truth.
type Expr interface{ expression() }

// CompareOp is a comparison.
type CompareOp uint8

// The comparisons.
const (
	Equal CompareOp = iota
	NotEqual
	Less
	LessEqual
	Greater
	GreaterEqual
)

// String returns the sign.
func (o CompareOp) String() string {
	return [...]string{"=", "!=", "<", "<=", ">", ">="}[o]
}

// Mirrored is the comparison with its sides exchanged.
func (o CompareOp) Mirrored() CompareOp {
	return [...]CompareOp{Equal, NotEqual, Greater, GreaterEqual, Less, LessEqual}[o]
}

// Operand is one side of a comparison: the time, a series, or a literal.
type Operand struct {
	Time    bool
	Path    Path    // of a series: full if its first node is root, else relative to every FROM path; empty otherwise
	Literal Literal // if it is neither time nor a series
	Pos     Pos
}

// Constant reports whether the operand is a literal.
func (o *Operand) Constant() bool { return !o.Time && len(o.Path.Nodes) == 0 }

// Conditions.
type (
	// And is true where all of it is, and false where some of it is false.
	And struct{ All []Expr }
	// Or is true where some of it is, and false where all of it is false.
	Or struct{ Any []Expr }
	// Not exchanges true and false.
	Not struct{ X Expr }
	// Compare is left op right. The left side is no literal. A literal compared with time
	// has its value in Int.
	Compare struct {
		Left, Right Operand
		Op          CompareOp
	}
	// Between is x [NOT] BETWEEN low AND high, both ends inclusive.
	Between struct {
		X         Operand
		Low, High Literal
		Not       bool
	}
	// In is x [NOT] IN (literal, ..).
	In struct {
		X    Operand
		List []Literal
		Not  bool
	}
	// Like is x [NOT] LIKE 'a%_', or REGEXP.
	Like struct {
		X       Operand
		Pattern Literal
		Regexp  bool
		Not     bool
	}
	// IsNull is x IS [NOT] NULL.
	IsNull struct {
		X   Operand
		Not bool
	}
	// Truth is a series of type BOOLEAN, or TRUE or FALSE.
	Truth struct{ X Operand }
)

func (*And) expression()     {}
func (*Or) expression()      {}
func (*Not) expression()     {}
func (*Compare) expression() {}
func (*Between) expression() {}
func (*In) expression()      {}
func (*Like) expression()    {}
func (*IsNull) expression()  {}
func (*Truth) expression()   {}

// TimeBetween is time BETWEEN start AND end.
func TimeBetween(start, end int64) Expr {
	return &Between{X: Operand{Time: true}, Low: intLiteral(start), High: intLiteral(end)}
}

func intLiteral(n int64) Literal {
	return Literal{Kind: IntLiteral, Text: strconv.FormatInt(n, 10), Int: n}
}
