package gatesim

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
)

// Control returns the control door of a gate:
//
//	GET  /verdict              what the gate has seen, JSON
//	GET  /settings             the settings in force, JSON
//	POST /set?KEY=VALUE&…      change settings (see Keys), all or none
//	POST /cut?how=rst|fin      cut all open connections now
//	POST /inject?byte=00       send a byte nobody asked for to the inner side
func Control(g *Gate) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /verdict", func(w http.ResponseWriter, _ *http.Request) {
		respond(w, g.Verdict())
	})
	mux.HandleFunc("GET /settings", func(w http.ResponseWriter, _ *http.Request) {
		respond(w, listing(g.Settings()))
	})
	mux.HandleFunc("POST /set", func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, 1<<16)
		if err := r.ParseForm(); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		tried := g.Settings()
		for key, values := range r.Form {
			if err := tried.Set(key, values[0]); err != nil {
				http.Error(w, err.Error(), http.StatusBadRequest)
				return
			}
		}
		g.Set(func(s *Settings) {
			for key, values := range r.Form {
				s.Set(key, values[0]) // tried above
			}
		})
		respond(w, listing(g.Settings()))
	})
	mux.HandleFunc("POST /cut", func(w http.ResponseWriter, r *http.Request) {
		how := End(r.FormValue("how"))
		if how != FIN && how != RST && how != "" {
			http.Error(w, fmt.Sprintf("how=%q is neither rst nor fin", how), http.StatusBadRequest)
			return
		}
		respond(w, map[string]int{"connections": g.Cut(how)})
	})
	mux.HandleFunc("POST /inject", func(w http.ResponseWriter, r *http.Request) {
		b, err := strconv.ParseUint(r.FormValue("byte"), 16, 8)
		if err != nil {
			http.Error(w, "byte= wants two hexadecimal digits", http.StatusBadRequest)
			return
		}
		respond(w, map[string]int{"connections": g.Inject(byte(b))})
	})
	return mux
}

func listing(s Settings) map[string]string {
	m := map[string]string{}
	for _, k := range Keys() {
		m[k[0]] = s.Get(k[0])
	}
	return m
}

func respond(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(v)
}
