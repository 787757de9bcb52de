package proc

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Spec is a program to run.
type Spec struct {
	Name string   // for messages
	Path string   // of the program
	Args []string // without the program's name
	Dir  string   // working directory, "" = ours
	Env  []string // added to ours
	Drop string   // prefix of variables of ours that are not passed on, "" = all are
	Log  string   // file that gets stdout and stderr, appended
}

func (s Spec) environment() (env []string) {
	for _, v := range os.Environ() {
		if s.Drop == "" || !strings.HasPrefix(v, s.Drop) {
			env = append(env, v)
		}
	}
	return append(env, s.Env...)
}

// Process is a running or ended program.
type Process struct {
	spec Spec
	cmd  *exec.Cmd
	done chan struct{} // closed when it has ended and its output is read

	mu    sync.Mutex
	lines []string      // of stdout, the last maxLines
	first int           // number of the first line in lines
	news  chan struct{} // closed when a line comes or the output ends
}

// maxLines bounds what is remembered of stdout.
const maxLines = 10_000

// Start starts the program.
func Start(s Spec) (*Process, error) {
	cmd := exec.Command(s.Path, s.Args...)
	cmd.Dir = s.Dir
	cmd.Env = s.environment()
	cmd.SysProcAttr = dieWithParent()
	log, err := os.OpenFile(s.Log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("proc: %s: %w", s.Name, err)
	}
	cmd.Stderr = log
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		log.Close()
		return nil, fmt.Errorf("proc: start %s: %w", s.Name, err)
	}
	p := &Process{spec: s, cmd: cmd, done: make(chan struct{}), news: make(chan struct{})}
	go func() {
		defer close(p.done)
		defer log.Close()
		in := bufio.NewScanner(out)
		in.Buffer(nil, 1<<20)
		for in.Scan() {
			fmt.Fprintln(log, in.Text())
			p.add(in.Text())
		}
		cmd.Wait() // its result is read from cmd.ProcessState
		p.add("")
	}()
	return p, nil
}

func (p *Process) add(line string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lines = append(p.lines, line)
	if len(p.lines) > maxLines {
		p.lines = p.lines[1:]
		p.first++
	}
	close(p.news)
	p.news = make(chan struct{})
}

// Await returns the first line of stdout that starts with prefix, waiting for it.
// The error says how the process ended, or that ctx did, with the end of its log.
func (p *Process) Await(ctx context.Context, prefix string) (string, error) {
	for {
		p.mu.Lock()
		news := p.news
		for _, l := range p.lines {
			if strings.HasPrefix(l, prefix) {
				p.mu.Unlock()
				return l, nil
			}
		}
		p.mu.Unlock()
		select {
		case <-p.done:
			return "", fmt.Errorf("proc: %s ended (%s) without a line %q\n%s", p.spec.Name, p.cmd.ProcessState, prefix, p.Tail(20))
		default:
		}
		select {
		case <-news:
		case <-p.done:
		case <-ctx.Done():
			return "", fmt.Errorf("proc: no line %q from %s: %w\n%s", prefix, p.spec.Name, ctx.Err(), p.Tail(20))
		}
	}
}

// Output returns the lines of stdout so far (the last 10,000).
func (p *Process) Output() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	lines := append([]string(nil), p.lines...)
	if n := len(lines); n > 0 && lines[n-1] == "" {
		lines = lines[:n-1]
	}
	return lines
}

// Tail returns the last n lines of the log file, for messages.
func (p *Process) Tail(n int) string {
	b, err := os.ReadFile(p.spec.Log)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimRight(string(b), "\n"), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

// PID returns the process id.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Done is closed when the process has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Kill ends the process as a power cut does (SIGKILL) and waits for its end.
func (p *Process) Kill() {
	p.cmd.Process.Kill()
	<-p.done
}

// Stop asks the process to end (SIGTERM) and returns its exit code. When ctx ends
// first, the process is killed and that is the error.
func (p *Process) Stop(ctx context.Context) (int, error) {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return 0, fmt.Errorf("proc: stop %s: %w", p.spec.Name, err)
	}
	select {
	case <-p.done:
		return p.cmd.ProcessState.ExitCode(), nil
	case <-ctx.Done():
		p.Kill()
		return 0, fmt.Errorf("proc: %s did not end on SIGTERM: %w\n%s", p.spec.Name, ctx.Err(), p.Tail(20))
	}
}

// Resident returns the resident memory of the process in bytes, 0 when it has
// ended or the platform does not tell.
func (p *Process) Resident() int64 { return resident(p.PID()) }

// Run runs a program to its end and returns its output, stdout and stderr mixed.
func Run(ctx context.Context, s Spec) (string, error) {
	cmd := exec.CommandContext(ctx, s.Path, s.Args...)
	cmd.Dir = s.Dir
	cmd.Env = s.environment()
	cmd.SysProcAttr = dieWithParent()
	cmd.WaitDelay = 5 * time.Second
	b, err := cmd.CombinedOutput()
	if err != nil {
		return string(b), fmt.Errorf("proc: %s: %w\n%s", s.Name, err, b)
	}
	return string(b), nil
}

// Fields reads KEY=VALUE words of a line, such as a ready line.
func Fields(line string) map[string]string {
	m := map[string]string{}
	for _, f := range strings.Fields(line) {
		if k, v, ok := strings.Cut(f, "="); ok {
			m[k] = v
		}
	}
	return m
}
