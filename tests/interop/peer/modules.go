// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"fmt"
	"net/url"
	"os"

	"github.com/fido-device-onboard/go-fdo/fsim"
	"github.com/fido-device-onboard/go-fdo/serviceinfo"
)

// action is one thing the owner wants done, as the runner posts it to /plan.
type action struct {
	Module  string // fdo.download, fdo.upload, fdo.wget or fdo.command
	Name    string // of the file on the device
	Rename  string // upload: its name here
	Content []byte // download: what the file holds
	Chunk   int    // download: bytes per message; 0: the library's 1014
	URL     string // wget
	Command string // command, with Args
	Args    []string
	MayFail bool
}

// modules hands the library one module after the other, from the run's list of things to do.
type modules struct{ peer *peer }

func (m modules) Module(ctx context.Context) (string, serviceinfo.OwnerModule, error) {
	run, err := m.peer.sessions.run(ctx)
	if err != nil {
		return "", nil, err
	}
	if run.current == nil {
		return "", nil, fmt.Errorf("no module is under way")
	}
	return run.currentName, run.current, nil
}

func (m modules) NextModule(ctx context.Context) (bool, error) {
	run, err := m.peer.sessions.run(ctx)
	if err != nil {
		return false, err
	}
	if run.currentName == "" {
		run.todo = m.peer.plan.Actions
	}
	if len(run.todo) == 0 {
		run.current = nil
		return false, nil
	}
	next := run.todo[0]
	run.todo = run.todo[1:]
	run.currentName = next.Module
	run.current, err = m.module(next)
	return err == nil, err
}

func (m modules) CleanupModules(context.Context) {}

type contents struct{ *bytes.Reader }

func (contents) Close() error { return nil }

func (m modules) module(a action) (serviceinfo.OwnerModule, error) {
	switch a.Module {
	case "fdo.download":
		return &fsim.DownloadContents[contents]{Name: a.Name, Contents: contents{bytes.NewReader(a.Content)},
			MustDownload: true, ChunkSize: a.Chunk}, nil
	case "fdo.upload":
		return &fsim.UploadRequest{Dir: m.peer.folder, Name: a.Name, Rename: a.Rename}, nil
	case "fdo.wget":
		address, err := url.Parse(a.URL)
		return &fsim.WgetCommand{Name: a.Name, URL: address}, err
	case "fdo.command":
		code := make(chan int, 1)
		out := func(stream string) *os.File { return m.peer.open(a.Name + "." + stream) }
		command := &fsim.RunCommand{Command: a.Command, Args: a.Args, MayFail: a.MayFail,
			Stdout: out("stdout"), Stderr: out("stderr"), ExitChan: code}
		go func() {
			if exit, ok := <-code; ok {
				_, _ = fmt.Fprint(m.peer.open(a.Name+".exit"), exit)
			}
		}()
		return command, nil
	}
	return nil, fmt.Errorf("there is no action %q", a.Module)
}
