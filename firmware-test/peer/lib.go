package peer

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/sluice-gateway/sluice/firmware-test/proc"
)

// Version is the release that is run.
const Version = "2.0.1-beta"

// LibVariable is the environment variable that names a directory with the jars.
const LibVariable = "SLUICE_PEER_LIB"

// What is missing on this machine.
var (
	ErrNoJava  = errors.New("peer: no java on the PATH: install a JDK 11 or newer, for instance apt-get install default-jdk-headless")
	ErrNoMaven = errors.New("peer: no mvn on the PATH: install it, for instance apt-get install maven, or set " + LibVariable + " to a directory with the jars of IoTDB " + Version)
)

//go:embed pom.xml
var pom []byte

// Lib is a directory with the jars of IoTDB and everything they need.
type Lib string

// Fetch returns the jars, resolving them from Maven Central if they are not there
// yet (about 110 MB, once).
func Fetch(ctx context.Context) (Lib, error) {
	if _, err := exec.LookPath("java"); err != nil {
		return "", ErrNoJava
	}
	if dir := os.Getenv(LibVariable); dir != "" {
		lib, err := filepath.Abs(dir)
		if err == nil && !complete(lib) {
			err = fmt.Errorf("peer: %s=%s holds no iotdb-server-%s.jar", LibVariable, dir, Version)
		}
		return Lib(lib), err
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("peer: %w", err)
	}
	lib := filepath.Join(cache, "sluice", "iotdb-"+Version)
	if complete(lib) {
		return Lib(lib), nil
	}
	mvn, err := exec.LookPath("mvn")
	if err != nil {
		return "", ErrNoMaven
	}
	return Lib(lib), resolve(ctx, mvn, lib)
}

// resolve fills lib; it appears under its name only when it is complete.
func resolve(ctx context.Context, mvn, lib string) error {
	if err := os.MkdirAll(filepath.Dir(lib), 0o700); err != nil {
		return fmt.Errorf("peer: %w", err)
	}
	tmp, err := os.MkdirTemp(filepath.Dir(lib), "fetch-")
	if err != nil {
		return fmt.Errorf("peer: %w", err)
	}
	defer os.RemoveAll(tmp)
	file := filepath.Join(tmp, "pom.xml")
	if err := os.WriteFile(file, pom, 0o600); err != nil {
		return fmt.Errorf("peer: %w", err)
	}
	jars := filepath.Join(tmp, "lib")
	if _, err := proc.Run(ctx, proc.Spec{Name: "mvn", Path: mvn,
		Args: []string{"-q", "-B", "-f", file, "dependency:copy-dependencies", "-DoutputDirectory=" + jars}}); err != nil {
		return fmt.Errorf("peer: resolve IoTDB %s from Maven Central: %w", Version, err)
	}
	if !complete(jars) {
		return fmt.Errorf("peer: Maven resolved no iotdb-server-%s.jar", Version)
	}
	if err := os.RemoveAll(lib); err != nil {
		return fmt.Errorf("peer: %w", err)
	}
	if err := os.Rename(jars, lib); err != nil {
		return fmt.Errorf("peer: %w", err)
	}
	return nil
}

func complete(lib string) bool {
	_, err := os.Stat(filepath.Join(lib, "iotdb-server-"+Version+".jar"))
	return err == nil
}

// Java compiles a Java file that uses the jars, runs it and returns what it prints.
func (l Lib) Java(ctx context.Context, file string, args ...string) (string, error) {
	if _, err := exec.LookPath("javac"); err != nil {
		return "", ErrNoJava
	}
	return l.java(ctx, filepath.Base(file), append([]string{file}, args...)...)
}

// Tool runs the main class of one of IoTDB's command line tools and returns what it
// prints.
func (l Lib) Tool(ctx context.Context, class string, args ...string) (string, error) {
	return l.java(ctx, class, append([]string{class}, args...)...)
}

func (l Lib) java(ctx context.Context, name string, args ...string) (string, error) {
	java, err := exec.LookPath("java")
	if err != nil {
		return "", ErrNoJava
	}
	out, err := proc.Run(ctx, proc.Spec{Name: name, Path: java, Args: append([]string{"-XX:TieredStopAtLevel=1", "-Xshare:auto", "-cp", string(l) + "/*"}, args...)})
	return quiet(out), err
}

// CLI runs one statement with IoTDB's own command line as root and returns what it
// prints. The address may be that of any server that speaks IoTDB's client RPC.
func (l Lib) CLI(ctx context.Context, addr, statement string) (string, error) {
	host, port, err := splitHostPort(addr)
	if err != nil {
		return "", err
	}
	return l.Tool(ctx, "org.apache.iotdb.cli.Cli", "-h", host, "-p", port, "-u", "root", "-pw", "root", "-e", statement)
}
