package gatectl

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/sluice-gateway/sluice/appliance"
	"github.com/sluice-gateway/sluice/internal/auth"
	"github.com/sluice-gateway/sluice/internal/vfs"
)

// tool is what the commands share.
type tool struct {
	fs   vfs.FS
	data string
}

// Command returns the root command of gatectl.
func Command(fs vfs.FS) *cobra.Command {
	t := &tool{fs: fs}
	root := &cobra.Command{Use: "gatectl", Short: "operator's tool of the gateways", SilenceUsage: true, SilenceErrors: true}
	root.PersistentFlags().StringVar(&t.data, "data", "data", "data directory of the gateway")
	root.AddCommand(passwdCommand(t), letterCommand(t), logCommand(t), storeCommand(t), auditCommand(t), t.tsfileCommand(), configCommand(), t.sandboxCommand(), inspectionCommand(t), appliance.VersionCommand())
	return root
}

// check refuses a directory that is not a gateway's.
func (t *tool) check() error {
	if _, err := t.fs.Stat(filepath.Join(t.data, "identity.json")); err != nil {
		return fmt.Errorf("%s is not a data directory (no identity.json in it): give --data", t.data)
	}
	return nil
}

func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

func passwdCommand(t *tool) *cobra.Command {
	c := &cobra.Command{Use: "passwd USER", Short: "set a user's password; it is read from the terminal or from standard input", Args: cobra.ExactArgs(1)}
	c.RunE = func(cmd *cobra.Command, args []string) error {
		if err := t.check(); err != nil {
			return err
		}
		password, err := readPassword(cmd.InOrStdin(), cmd.ErrOrStderr())
		if err != nil {
			return err
		}
		err = t.recorded("passwd", "user "+args[0], func() error {
			users, err := auth.Open(t.fs, filepath.Join(t.data, "users.json"), auth.Config{}, quiet())
			if err != nil {
				return err
			}
			return users.SetPassword(args[0], password)
		})
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "password of %s is set\n", args[0])
		return err
	}
	return c
}

// maxPassword bounds what is read; bcrypt uses the first 72 bytes and refuses more.
const maxPassword = 72

func readPassword(in io.Reader, prompt io.Writer) (string, error) {
	var text string
	if f, ok := in.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		fmt.Fprint(prompt, "new password: ")
		first, err := term.ReadPassword(int(f.Fd()))
		if err != nil {
			return "", err
		}
		fmt.Fprint(prompt, "\nagain: ")
		second, err := term.ReadPassword(int(f.Fd()))
		if err != nil {
			return "", err
		}
		fmt.Fprintln(prompt)
		if string(first) != string(second) {
			return "", errors.New("the two passwords differ")
		}
		text = string(first)
	} else {
		line, err := bufio.NewReader(io.LimitReader(in, 4096)).ReadString('\n')
		if err != nil && (err != io.EOF || line == "") {
			return "", fmt.Errorf("no password on standard input: %w", err)
		}
		text = strings.TrimRight(line, "\r\n")
	}
	if text == "" || len(text) > maxPassword {
		return "", fmt.Errorf("a password has 1 to %d bytes", maxPassword)
	}
	return text, nil
}

func configCommand() *cobra.Command {
	c := &cobra.Command{Use: "config", Short: "look at a gateway's configuration"}
	lint := &cobra.Command{Use: "lint FILE", Short: "check a configuration file and list every problem", Args: cobra.ExactArgs(1)}
	side := lint.Flags().String("side", "", "inner or outer; both are tried when it is not given")
	lint.RunE = func(cmd *cobra.Command, args []string) error {
		text, err := os.ReadFile(args[0])
		if err != nil {
			return err
		}
		sides := map[string][]appliance.Side{"": {appliance.Inner, appliance.Outer}, "inner": {appliance.Inner}, "outer": {appliance.Outer}}[*side]
		if sides == nil {
			return fmt.Errorf("--side is %q, want inner or outer", *side)
		}
		fits := 0
		for _, s := range sides {
			_, e := appliance.Load(appliance.Input{Side: s, FileName: args[0], FileText: text})
			if e == nil {
				fits++
				fmt.Fprintf(cmd.OutOrStdout(), "%s: no problems for %s\n", args[0], s)
			} else if err == nil {
				err = e
			}
		}
		if fits > 0 {
			return nil
		}
		return err
	}
	c.AddCommand(lint)
	return c
}
