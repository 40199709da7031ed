// SPDX-License-Identifier: Apache-2.0

// Command peer is manufacturer, rendezvous server and owner in one process, all of it the go-fdo
// library; this program only lends it memory and a door for the test's runner:
//
//	POST /rv      {"Port": N, "Bypass": bool}       where devices look for their owner, from now on
//	POST /plan    {"Reuse": bool, "Actions": [...]} what the owner does with devices, from now on
//	GET  /initialized/SERIAL                        the GUID that DI gave to it
//	GET  /keys/ROLE/TYPE                            certificate, PEM; ROLE maker, owner, ca; TYPE 10, 11
//	GET  /vouchers/GUID, POST /vouchers             PEM
//	POST /extend/GUID[?resale]                      body: the next owner's key, PEM; answer: voucher, PEM
//	POST /register/GUID?rv=URL&port=N               TO0 there; answer: seconds granted
package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync"

	"github.com/fido-device-onboard/go-fdo"
	"github.com/fido-device-onboard/go-fdo/cbor"
	"github.com/fido-device-onboard/go-fdo/custom"
	fdohttp "github.com/fido-device-onboard/go-fdo/http"
	"github.com/fido-device-onboard/go-fdo/protocol"
)

type peer struct {
	sessions         sessions
	store            store
	maker, owner, ca party
	folder           string   // for what devices upload and commands say
	initialized      sync.Map // serial to GUID
	rv               [][]protocol.RvInstruction
	plan             struct {
		Reuse   bool
		Actions []action
	}
}

func main() {
	folder := flag.String("folder", "", "for uploads and commands' output")
	flag.Parse()
	p := &peer{folder: *folder, sessions: sessions{runs: map[string]*session{}},
		store: store{vouchers: map[protocol.GUID]*fdo.Voucher{}, registrations: map[protocol.GUID]registration{}}}
	for role, keys := range map[string]*party{"maker": &p.maker, "owner": &p.owner, "ca": &p.ca} {
		var err error
		if *keys, err = newParty("go-fdo " + role); err != nil {
			log.Fatal(err)
		}
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	log.Fatal(http.Serve(listener, p.routes()))
}

func (p *peer) routes() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/fdo/101/msg/", p.roles())
	mux.HandleFunc("POST /rv", answer(p.setRendezvous))
	mux.HandleFunc("POST /plan", answer(func(_ *http.Request, body []byte) (any, error) {
		p.plan.Reuse, p.plan.Actions = false, nil
		return nil, json.Unmarshal(body, &p.plan)
	}))
	mux.HandleFunc("GET /keys/{role}/{type}", answer(p.key))
	mux.HandleFunc("GET /vouchers/{guid}", answer(p.exportVoucher))
	mux.HandleFunc("POST /vouchers", answer(p.importVoucher))
	mux.HandleFunc("GET /initialized/{serial}", answer(func(r *http.Request, _ []byte) (any, error) {
		guid, ok := p.initialized.Load(r.PathValue("serial"))
		if !ok {
			return nil, errors.New("this serial was not here")
		}
		return []byte(guid.(string)), nil
	}))
	mux.HandleFunc("POST /extend/{guid}", answer(p.extend))
	mux.HandleFunc("POST /register/{guid}", answer(p.register))
	return mux
}

// roles is the library's servers, as its documentation puts them together.
func (p *peer) roles() http.Handler {
	rendezvous := func(context.Context, *fdo.Voucher) ([][]protocol.RvInstruction, error) { return p.rv, nil }
	return fdohttp.Handler{
		Tokens: &p.sessions,
		DIResponder: &fdo.DIServer[custom.DeviceMfgInfo]{
			Session: &p.sessions, Vouchers: &p.store, RvInfo: rendezvous,
			SignDeviceCertificate: func(info *custom.DeviceMfgInfo) ([]*x509.Certificate, error) {
				ca := p.ca[info.KeyType]
				return custom.SignDeviceCertificate(ca.key, ca.chain)(info)
			},
			DeviceInfo: p.deviceInfo,
			AfterVoucherPersist: func(ctx context.Context, voucher fdo.Voucher) error {
				p.initialized.Store(p.sessions.serial(ctx), hex.EncodeToString(voucher.Header.Val.GUID[:]))
				return nil
			},
		},
		TO0Responder: &fdo.TO0Server{Session: &p.sessions, RVBlobs: &p.store},
		TO1Responder: &fdo.TO1Server{Session: &p.sessions, RVBlobs: &p.store},
		TO2Responder: &fdo.TO2Server{
			Session: &p.sessions, Modules: modules{p}, Vouchers: &p.store, OwnerKeys: p.owner,
			VouchersForExtension: &p.store,
			RvInfo: func(_ context.Context, voucher fdo.Voucher) ([][]protocol.RvInstruction, error) {
				return voucher.Header.Val.RvInfo, nil
			},
			ReuseCredential: func(context.Context, fdo.Voucher) (bool, error) { return p.plan.Reuse, nil },
		},
	}
}

func (p *peer) deviceInfo(_ context.Context, info *custom.DeviceMfgInfo, _ []*x509.Certificate) (string, protocol.PublicKey, error) {
	maker, ok := p.maker[info.KeyType]
	if !ok {
		return "", protocol.PublicKey{}, fdo.ErrUnsupportedKeyType(info.KeyType)
	}
	var key *protocol.PublicKey
	var err error
	if info.KeyEncoding == protocol.X5ChainKeyEnc {
		key, err = protocol.NewPublicKey(info.KeyType, maker.chain, false)
	} else {
		key, err = protocol.NewPublicKey(info.KeyType, maker.key.Public().(*ecdsa.PublicKey), info.KeyEncoding == protocol.CoseKeyEnc)
	}
	if err != nil {
		return "", protocol.PublicKey{}, err
	}
	return info.DeviceInfo, *key, nil
}

func (p *peer) setRendezvous(_ *http.Request, body []byte) (any, error) {
	var wanted struct {
		Port   uint16
		Bypass bool
	}
	if err := json.Unmarshal(body, &wanted); err != nil {
		return nil, err
	}
	instruction := func(variable protocol.RvVar, value any) protocol.RvInstruction {
		data, err := cbor.Marshal(value)
		if err != nil {
			panic(err) // of a value written a few lines below
		}
		return protocol.RvInstruction{Variable: variable, Value: data}
	}
	directive := []protocol.RvInstruction{
		instruction(protocol.RVIPAddress, net.IPv4(127, 0, 0, 1).To4()), instruction(protocol.RVDevPort, wanted.Port),
		instruction(protocol.RVOwnerPort, wanted.Port), instruction(protocol.RVProtocol, protocol.RVProtHTTP)}
	if wanted.Bypass {
		directive = append(directive, protocol.RvInstruction{Variable: protocol.RVBypass})
	}
	p.rv = [][]protocol.RvInstruction{directive}
	return nil, nil
}

func (p *peer) key(r *http.Request, _ []byte) (any, error) {
	kind, err := strconv.Atoi(r.PathValue("type"))
	if err != nil {
		return nil, err
	}
	found, ok := map[string]party{"maker": p.maker, "owner": p.owner, "ca": p.ca}[r.PathValue("role")][protocol.KeyType(kind)]
	if !ok {
		return nil, errors.New("there is no such key")
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: found.chain[0].Raw}), nil
}

func (p *peer) voucher(r *http.Request) (*fdo.Voucher, error) {
	var guid protocol.GUID
	bytes, err := hex.DecodeString(r.PathValue("guid"))
	if err != nil || len(bytes) != len(guid) {
		return nil, errors.New("a GUID is 32 hexadecimal digits here")
	}
	copy(guid[:], bytes)
	return p.store.Voucher(r.Context(), guid)
}

func voucherPEM(voucher *fdo.Voucher) ([]byte, error) {
	data, err := cbor.Marshal(voucher)
	return pem.EncodeToMemory(&pem.Block{Type: "OWNERSHIP VOUCHER", Bytes: data}), err
}

func (p *peer) exportVoucher(r *http.Request, _ []byte) (any, error) {
	voucher, err := p.voucher(r)
	if err != nil {
		return nil, err
	}
	return voucherPEM(voucher)
}

func (p *peer) importVoucher(r *http.Request, body []byte) (any, error) {
	block, _ := pem.Decode(body)
	if block == nil || block.Type != "OWNERSHIP VOUCHER" {
		return nil, errors.New("not the PEM of a voucher")
	}
	var voucher fdo.Voucher
	if err := cbor.Unmarshal(block.Bytes, &voucher); err != nil {
		return nil, err
	}
	for _, check := range []func() error{voucher.VerifyEntries, voucher.VerifyCertChainHash} {
		if err := check(); err != nil {
			return nil, err
		}
	}
	return nil, p.store.AddVoucher(r.Context(), &voucher)
}

func publicKey(block *pem.Block) (*ecdsa.PublicKey, error) {
	var key any
	var err error
	if block.Type == "CERTIFICATE" {
		var certificate *x509.Certificate
		if certificate, err = x509.ParseCertificate(block.Bytes); err == nil {
			key = certificate.PublicKey
		}
	} else {
		key, err = x509.ParsePKIXPublicKey(block.Bytes)
	}
	if found, ok := key.(*ecdsa.PublicKey); ok {
		return found, nil
	}
	return nil, errors.Join(errors.New("not an EC key"), err)
}

// extend hands a voucher on. Without an entry it is the maker's to sign, or the owner's if a TO2 made it (?resale).
func (p *peer) extend(r *http.Request, body []byte) (any, error) {
	voucher, err := p.voucher(r)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(body)
	if block == nil {
		return nil, errors.New("not the PEM of a key")
	}
	next, err := publicKey(block)
	if err != nil {
		return nil, err
	}
	signer := p.maker
	if r.URL.Query().Has("resale") {
		signer = p.owner
	}
	extended, err := fdo.ExtendVoucher(voucher, signer[voucher.Header.Val.ManufacturerKey.Type].key, next, nil)
	if err != nil {
		return nil, err
	}
	return voucherPEM(extended)
}

func (p *peer) register(r *http.Request, _ []byte) (any, error) {
	voucher, err := p.voucher(r)
	if err != nil {
		return nil, err
	}
	port, err := strconv.ParseUint(r.URL.Query().Get("port"), 10, 16)
	if err != nil {
		return nil, err
	}
	host := net.IPv4(127, 0, 0, 1).To4()
	client := fdo.TO0Client{Vouchers: &p.store, OwnerKeys: p.owner, TTL: 300}
	seconds, err := client.RegisterBlob(r.Context(), &fdohttp.Transport{BaseURL: r.URL.Query().Get("rv")}, voucher.Header.Val.GUID,
		[]protocol.RvTO2Addr{{IPAddress: &host, Port: uint16(port), TransportProtocol: protocol.HTTPTransport}})
	return []byte(strconv.Itoa(int(seconds))), err
}

func (p *peer) open(name string) *os.File {
	file, err := os.Create(filepath.Join(p.folder, filepath.Base(name)))
	if err != nil {
		log.Print(err)
	}
	return file
}

// answer wraps what the runner calls: bytes with 200, or an error in words with 400.
func answer(handle func(*http.Request, []byte) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 16<<20))
		var result any
		if err == nil {
			result, err = handle(r, body)
		}
		if err != nil {
			log.Printf("%s %s: %v", r.Method, r.URL, err)
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		if text, ok := result.([]byte); ok {
			_, _ = w.Write(text)
		}
	}
}
