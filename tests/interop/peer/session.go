// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"encoding"
	"encoding/hex"
	"errors"
	"sync"

	"github.com/fido-device-onboard/go-fdo"
	"github.com/fido-device-onboard/go-fdo/custom"
	"github.com/fido-device-onboard/go-fdo/kex"
	"github.com/fido-device-onboard/go-fdo/protocol"
	"github.com/fido-device-onboard/go-fdo/serviceinfo"
)

// session is all that the library wants remembered between the messages of one run.
type session struct {
	serial                     string // as the device says in DI
	chain                      []*x509.Certificate
	header                     *fdo.VoucherHeader
	to0, to1, proveDv, setupDv protocol.Nonce
	guid, newGUID              protocol.GUID
	replaced                   bool
	rv                         [][]protocol.RvInstruction
	hmac                       protocol.Hmac
	suite                      kex.Suite
	exchange                   []byte
	mtu                        uint16
	devmod                     serviceinfo.Devmod
	modules                    []string
	devmodComplete             bool
	current                    serviceinfo.OwnerModule
	currentName                string
	todo                       []action
}

// sessions holds the runs under their tokens, in memory, for as long as the peer lives.
type sessions struct {
	mutex sync.Mutex
	runs  map[string]*session
}

type tokenKey struct{}

func (s *sessions) NewToken(context.Context, protocol.Protocol) (string, error) {
	token := make([]byte, 16)
	if _, err := rand.Read(token); err != nil {
		return "", err
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.runs[hex.EncodeToString(token)] = &session{}
	return hex.EncodeToString(token), nil
}

func (s *sessions) InvalidateToken(ctx context.Context) error {
	token, _ := s.TokenFromContext(ctx)
	s.mutex.Lock()
	defer s.mutex.Unlock()
	delete(s.runs, token)
	return nil
}

func (s *sessions) TokenContext(parent context.Context, token string) context.Context {
	return context.WithValue(parent, tokenKey{}, token)
}

func (s *sessions) TokenFromContext(ctx context.Context) (string, bool) {
	token, ok := ctx.Value(tokenKey{}).(string)
	return token, ok
}

func (s *sessions) run(ctx context.Context) (*session, error) {
	token, _ := s.TokenFromContext(ctx)
	s.mutex.Lock()
	defer s.mutex.Unlock()
	run, ok := s.runs[token]
	if !ok {
		return nil, fdo.ErrInvalidSession
	}
	return run, nil
}

func put(ctx context.Context, s *sessions, change func(*session)) error {
	run, err := s.run(ctx)
	if err == nil {
		change(run)
	}
	return err
}

func get[T any](ctx context.Context, s *sessions, read func(*session) T) (T, error) {
	run, err := s.run(ctx)
	if err != nil {
		var nothing T
		return nothing, err
	}
	return read(run), nil
}

func (s *sessions) SetDeviceCertChain(ctx context.Context, chain []*x509.Certificate) error {
	return put(ctx, s, func(r *session) { r.chain = chain })
}
func (s *sessions) DeviceCertChain(ctx context.Context) ([]*x509.Certificate, error) {
	return get(ctx, s, func(r *session) []*x509.Certificate { return r.chain })
}
func (s *sessions) SetIncompleteVoucherHeader(ctx context.Context, h *fdo.VoucherHeader) error {
	return put(ctx, s, func(r *session) { r.header = h })
}
func (s *sessions) IncompleteVoucherHeader(ctx context.Context) (*fdo.VoucherHeader, error) {
	return get(ctx, s, func(r *session) *fdo.VoucherHeader { return r.header })
}
func (s *sessions) SetTO0SignNonce(ctx context.Context, n protocol.Nonce) error {
	return put(ctx, s, func(r *session) { r.to0 = n })
}
func (s *sessions) TO0SignNonce(ctx context.Context) (protocol.Nonce, error) {
	return get(ctx, s, func(r *session) protocol.Nonce { return r.to0 })
}
func (s *sessions) SetTO1ProofNonce(ctx context.Context, n protocol.Nonce) error {
	return put(ctx, s, func(r *session) { r.to1 = n })
}
func (s *sessions) TO1ProofNonce(ctx context.Context) (protocol.Nonce, error) {
	return get(ctx, s, func(r *session) protocol.Nonce { return r.to1 })
}
func (s *sessions) SetGUID(ctx context.Context, g protocol.GUID) error {
	return put(ctx, s, func(r *session) { r.guid = g })
}
func (s *sessions) GUID(ctx context.Context) (protocol.GUID, error) {
	return get(ctx, s, func(r *session) protocol.GUID { return r.guid })
}
func (s *sessions) SetRvInfo(ctx context.Context, rv [][]protocol.RvInstruction) error {
	return put(ctx, s, func(r *session) { r.rv = rv })
}
func (s *sessions) RvInfo(ctx context.Context) ([][]protocol.RvInstruction, error) {
	return get(ctx, s, func(r *session) [][]protocol.RvInstruction { return r.rv })
}
func (s *sessions) SetReplacementGUID(ctx context.Context, g protocol.GUID) error {
	return put(ctx, s, func(r *session) { r.newGUID, r.replaced = g, true })
}

// fdo.ErrNotFound tells the library that the credential is reused.
func (s *sessions) ReplacementGUID(ctx context.Context) (protocol.GUID, error) {
	run, err := s.run(ctx)
	if err != nil {
		return protocol.GUID{}, err
	}
	if !run.replaced {
		return protocol.GUID{}, fdo.ErrNotFound
	}
	return run.newGUID, nil
}
func (s *sessions) SetReplacementHmac(ctx context.Context, h protocol.Hmac) error {
	return put(ctx, s, func(r *session) { r.hmac = h })
}
func (s *sessions) ReplacementHmac(ctx context.Context) (protocol.Hmac, error) {
	run, err := s.run(ctx)
	if err != nil {
		return protocol.Hmac{}, err
	}
	if len(run.hmac.Value) == 0 {
		return protocol.Hmac{}, fdo.ErrNotFound
	}
	return run.hmac, nil
}

// SetDeviceSelfInfo is called by the library at message 10, with what the device says of itself.
func (s *sessions) SetDeviceSelfInfo(ctx context.Context, info *custom.DeviceMfgInfo) error {
	return put(ctx, s, func(r *session) { r.serial = info.SerialNumber })
}

func (s *sessions) serial(ctx context.Context) string {
	serial, _ := get(ctx, s, func(r *session) string { return r.serial })
	return serial
}

// The library destroys the exchange after each message, so it is kept as bytes.
func (s *sessions) SetXSession(ctx context.Context, suite kex.Suite, exchange kex.Session) error {
	marshaler, ok := exchange.(encoding.BinaryMarshaler)
	if !ok {
		return errors.New("this key exchange can't be kept")
	}
	data, err := marshaler.MarshalBinary()
	if err != nil {
		return err
	}
	return put(ctx, s, func(r *session) { r.suite, r.exchange = suite, data })
}
func (s *sessions) XSession(ctx context.Context) (kex.Suite, kex.Session, error) {
	run, err := s.run(ctx)
	if err != nil {
		return "", nil, err
	}
	if run.exchange == nil {
		return "", nil, fdo.ErrNotFound
	}
	exchange := run.suite.New(nil, kex.A128GcmCipher) // whichever: the bytes name their own
	unmarshaler, ok := exchange.(encoding.BinaryUnmarshaler)
	if !ok {
		return "", nil, errors.New("this key exchange can't be restored")
	}
	return run.suite, exchange, unmarshaler.UnmarshalBinary(run.exchange)
}
func (s *sessions) SetProveDeviceNonce(ctx context.Context, n protocol.Nonce) error {
	return put(ctx, s, func(r *session) { r.proveDv = n })
}
func (s *sessions) ProveDeviceNonce(ctx context.Context) (protocol.Nonce, error) {
	return get(ctx, s, func(r *session) protocol.Nonce { return r.proveDv })
}
func (s *sessions) SetSetupDeviceNonce(ctx context.Context, n protocol.Nonce) error {
	return put(ctx, s, func(r *session) { r.setupDv = n })
}
func (s *sessions) SetupDeviceNonce(ctx context.Context) (protocol.Nonce, error) {
	return get(ctx, s, func(r *session) protocol.Nonce { return r.setupDv })
}
func (s *sessions) SetMTU(ctx context.Context, mtu uint16) error {
	return put(ctx, s, func(r *session) { r.mtu = mtu })
}
func (s *sessions) MTU(ctx context.Context) (uint16, error) {
	return get(ctx, s, func(r *session) uint16 { return r.mtu })
}
func (s *sessions) SetDevmod(ctx context.Context, d serviceinfo.Devmod, modules []string, complete bool) error {
	return put(ctx, s, func(r *session) { r.devmod, r.modules, r.devmodComplete = d, modules, complete })
}
func (s *sessions) Devmod(ctx context.Context) (serviceinfo.Devmod, []string, bool, error) {
	run, err := s.run(ctx)
	if err != nil {
		return serviceinfo.Devmod{}, nil, false, err
	}
	return run.devmod, run.modules, run.devmodComplete, nil
}
