// Copyright 2026 The tallystick authors.
// SPDX-License-Identifier: Apache-2.0

package signature_test

import (
	"strings"
	"testing"

	"github.com/tallystick/tallystick/internal/signature"
)

// Public keys and key ids that other tools published: the in-toto-golang test keys
// (alice, carol, dan, frank, grace), the go-securesystemslib test keys, go-tuf's
// multirepo example and the Sigstore root.
const (
	alicePEM = `-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAr2u+1EN9NMIAtqYZ2pqF
3ov4omRpdgEorv1L4sBMaFN+2EPyqeMTF838/W4V/1fHLr5jaqIVY0VjcpAmCRJ6
oRhxw/6o7dgiIPsrTCWQHFAkXcElgb+2JUXWZO3azX90fxFliucPPj0IrLgK3u5O
D+XgaT773Za2JJSe7A0Iacjb23Elm2T05ydtrWHy5zVMmg+Yj64iaXRxoLUhFpdp
NOw/rVIUSiFItip+SAZjIsjqQDILzy4RcNUJqBFHG2N/cEwnO+ozb1G9sCtGSya6
BkCQGhmX64xgehpSUomDod2q3ZmNlS2+9aUMpNq4TksLL08mhQkZi7atNoG4rq4p
nwIDAQAB
-----END PUBLIC KEY-----
`
	carolPEM = `-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAOT5nGyAPlkxJCD00qGf12YnsHGnfe2Z1j+RxyFkbE5w=
-----END PUBLIC KEY-----
`
	frankPEM = `-----BEGIN PUBLIC KEY-----
MIGbMBAGByqGSM49AgEGBSuBBAAjA4GGAAQBctAngwMlf9pmNTasSy4KhF0sWqjN
3zPIGJ/2Vs6y5zvtYStkAGpyA9ybj339TXYXoYS/1Naa13csmiLQOV+AoZEBzE7I
kv9x5Fkbi0fC9tkhrAfuyqjnjuRC5KhzubbMuJL7Da5nq7AhkUBmOgOVf9CRYT9b
tSVLwFVYX0W3UF7rt68=
-----END PUBLIC KEY-----
`
	gracePEM = `-----BEGIN PUBLIC KEY-----
MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEP8KQHqKA3QhiGQS6jlfoTXJlGTGcXxd2
ItmmqU/y8uryUNsXnV0nWloCsObK0XAMrMD1iWvHYMSDV14PP0vawLN+jfV7lrc5
IJwy1aFhPlerISgwe3OgrKJdFkn8LGu2
-----END PUBLIC KEY-----
`
	heidiPEM = `-----BEGIN PUBLIC KEY-----
ME4wEAYHKoZIzj0CAQYFK4EEACEDOgAEu8hZFOOIyjE5FY71KsUbMOp6OB6e2T4d
nFbo0WrxrQFHFtW5Y3kiv6GEVF2mNDllRwJAoFpoF4M=
-----END PUBLIC KEY-----
`
	sslibECDSAPEM = `-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEu+HEqqpXLa48lXH9rkRygsfsCKq1
XM36oXymJ9wxpM68nCqkrZCVnZ9lkEeCwD8qWYTNxD5yfWXwJjFh+K7qLQ==
-----END PUBLIC KEY-----
`
	sigstorePEM = `-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEEXsz3SZXFb8jMV42j6pJlyjbjR8K
N3Bwocexq6LMIb5qsWKOQvLN16NUefLc4HswOoumRsVVaajSpQS6fobkRw==
-----END PUBLIC KEY-----
`
	sslibEd25519Hex = "3f586ce67329419fb0081bd995914e866a7205da463d593b3b490eab2b27fd3f"
	multirepoHex    = "a5ebf16e4bfec00df5b3a0a580ef1edf8f5c786f398ad82e4bf1b3761c39fc9b"
)

func TestKeyIDOfPublishedKeys(t *testing.T) {
	pem := func(text, scheme string) func() (*signature.Key, error) {
		return func() (*signature.Key, error) {
			k, err := signature.ParsePEM([]byte(text))
			if err != nil {
				return nil, err
			}
			return k.WithScheme(scheme)
		}
	}
	meta := func(keytype, scheme, public string) func() (*signature.Key, error) {
		return func() (*signature.Key, error) { return signature.Parse(keytype, scheme, public) }
	}
	for _, tt := range []struct {
		name   string
		key    func() (*signature.Key, error)
		tuf    string // empty: nobody published one
		inToto string
	}{
		{name: "alice", key: pem(alicePEM, ""), inToto: "70ca5750c2eda80b18f41f4ec5f92146789b5d68dd09577be422a0159bd13680"},
		{name: "carol", key: pem(carolPEM, ""), inToto: "be6371bc627318218191ce0780fd3183cce6c36da02938a477d2e4dfae1804a6"},
		{name: "frank", key: pem(frankPEM, ""), inToto: "434cf7c5b168f6ea4c7e6e67afa74a02625310530f1664f761637bdc7ad8f8df"},
		{name: "frank labelled P-256", key: pem(frankPEM, "ecdsa-sha2-nistp256"), inToto: "0ab02fd8a1195d902d4e71df38123be0d3fa9ea45ebc6e1246d8e82179acb6dd"},
		{name: "grace", key: pem(gracePEM, ""), inToto: "a5522ebccd492f64e6ec0bbcb5eb782708f6e26709a3712e64fff108b98e5142"},
		{name: "grace labelled P-256", key: pem(gracePEM, "ecdsa-sha2-nistp256"), inToto: "a5fe82bffd11c43cd25b41b427496dea8eb61505bfa11907a6a565ebb00fa323"},
		{name: "securesystemslib ECDSA", key: pem(sslibECDSAPEM, ""), inToto: "98adf38602c48c5479e9a991ee3f8cbf541ee4f985e00f7a5fc4148d9a45b704"},
		{name: "securesystemslib Ed25519", key: meta("ed25519", "ed25519", sslibEd25519Hex), inToto: "52e3b8e73279d6ebdd62a5016e2725ff284f569665eb92ccb145d83817a02997"},
		{name: "layout member without final newline", key: meta("rsa", "rsassa-pss-sha256", strings.TrimSpace(alicePEM)), inToto: "70ca5750c2eda80b18f41f4ec5f92146789b5d68dd09577be422a0159bd13680"},
		{name: "go-tuf multirepo", key: meta("ed25519", "ed25519", multirepoHex), tuf: "1e0c46c0f988b6f45eb0956ed6b0836697a39dca123c56453a3d8ad57c64726b"},
		{name: "Sigstore root, key type named after the scheme", key: meta("ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256", sigstorePEM), inToto: "25a0eb450fd3ee2bd79218c963dce3f1cc6118badf251bf149f0bd07d5cabe99"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			k, err := tt.key()
			if err != nil {
				t.Fatal(err)
			}
			if got := k.KeyID(); tt.tuf != "" && got != tt.tuf {
				t.Errorf("KeyID() = %s, published is %s", got, tt.tuf)
			}
			if got := k.InTotoKeyID(); tt.inToto != "" && got != tt.inToto {
				t.Errorf("InTotoKeyID() = %s, published is %s", got, tt.inToto)
			}
		})
	}
}
