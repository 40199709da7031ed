// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"sync"
	"time"

	"github.com/fido-device-onboard/go-fdo"
	"github.com/fido-device-onboard/go-fdo/cose"
	"github.com/fido-device-onboard/go-fdo/protocol"
)

type keyWithChain struct {
	key   *ecdsa.PrivateKey
	chain []*x509.Certificate
}

func newKey(curve elliptic.Curve, name string) (keyWithChain, error) {
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		return keyWithChain{}, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return keyWithChain{}, err
	}
	certificate, err := x509.ParseCertificate(der)
	return keyWithChain{key, []*x509.Certificate{certificate}}, err
}

// party is one role's keys, by their type.
type party map[protocol.KeyType]keyWithChain

func newParty(name string) (party, error) {
	keys := party{}
	for kind, curve := range map[protocol.KeyType]elliptic.Curve{
		protocol.Secp256r1KeyType: elliptic.P256(), protocol.Secp384r1KeyType: elliptic.P384()} {
		key, err := newKey(curve, name)
		if err != nil {
			return nil, err
		}
		keys[kind] = key
	}
	return keys, nil
}

func (p party) OwnerKey(_ context.Context, kind protocol.KeyType, _ int) (crypto.Signer, []*x509.Certificate, error) {
	key, ok := p[kind]
	if !ok {
		return nil, nil, fdo.ErrNotFound
	}
	return key.key, key.chain, nil
}

// store keeps vouchers and registrations, in memory.
type store struct {
	mutex         sync.Mutex
	vouchers      map[protocol.GUID]*fdo.Voucher
	registrations map[protocol.GUID]registration
}

type registration struct {
	to1d    *cose.Sign1[protocol.To1d, []byte]
	voucher *fdo.Voucher
}

func (s *store) AddVoucher(_ context.Context, voucher *fdo.Voucher) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.vouchers[voucher.Header.Val.GUID] = voucher
	return nil
}

func (s *store) Voucher(_ context.Context, guid protocol.GUID) (*fdo.Voucher, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	voucher, ok := s.vouchers[guid]
	if !ok {
		return nil, fdo.ErrNotFound
	}
	return voucher, nil
}

func (s *store) ReplaceVoucher(ctx context.Context, old protocol.GUID, voucher *fdo.Voucher) error {
	if _, err := s.RemoveVoucher(ctx, old); err != nil {
		return err
	}
	return s.AddVoucher(ctx, voucher)
}

func (s *store) RemoveVoucher(ctx context.Context, guid protocol.GUID) (*fdo.Voucher, error) {
	voucher, err := s.Voucher(ctx, guid)
	s.mutex.Lock()
	defer s.mutex.Unlock()
	delete(s.vouchers, guid)
	return voucher, err
}

func (s *store) SetRVBlob(_ context.Context, voucher *fdo.Voucher, to1d *cose.Sign1[protocol.To1d, []byte], _ time.Time) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.registrations[voucher.Header.Val.GUID] = registration{to1d, voucher}
	return nil
}

func (s *store) RVBlob(_ context.Context, guid protocol.GUID) (*cose.Sign1[protocol.To1d, []byte], *fdo.Voucher, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	found, ok := s.registrations[guid]
	if !ok {
		return nil, nil, fdo.ErrNotFound
	}
	return found.to1d, found.voucher, nil
}
