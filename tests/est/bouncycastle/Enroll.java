// SPDX-License-Identifier: Apache-2.0
// Bouncy Castle's EST client at our server: Enroll HOST:PORT ROOT DEVICE PASSWORD. Ends with an exception at the first
// thing that is not as it should be.
import java.io.FileInputStream;
import java.security.*;
import java.security.cert.*;
import java.security.spec.ECGenParameterSpec;
import java.util.Set;
import javax.net.ssl.*;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.est.*;
import org.bouncycastle.est.jcajce.*;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.operator.ContentSigner;
import org.bouncycastle.operator.jcajce.*;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequestBuilder;

public class Enroll {
  final String server, device;
  final X509TrustManager[] trust;

  Enroll(String server, String rootFile, String device) throws Exception {
    this.server = server;
    this.device = device;
    try (FileInputStream file = new FileInputStream(rootFile)) {
      X509Certificate root = (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(file);
      trust = JcaJceUtils.getCertPathTrustManager(Set.of(new TrustAnchor(root, null)), null);
    }
  }

  static KeyPair newKey() throws Exception {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
    generator.initialize(new ECGenParameterSpec("secp256r1"));
    return generator.generateKeyPair();
  }

  JsseESTServiceBuilder client() {
    return new JsseESTServiceBuilder(server, trust)
        .withHostNameAuthorizer(new JsseDefaultHostnameAuthorizer(Set.of()));
  }

  ESTService clientWith(KeyPair key, X509Certificate certificate) throws Exception {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    store.setKeyEntry("key", key.getPrivate(), new char[0], new java.security.cert.Certificate[] {certificate});
    KeyManagerFactory keys = KeyManagerFactory.getInstance("SunX509");
    keys.init(store, new char[0]);
    return client().withKeyManagers(keys.getKeyManagers()).build();
  }

  X509Certificate enroll(ESTService est, boolean renewal, KeyPair key, ESTAuth auth) throws Exception {
    ContentSigner signer = new JcaContentSignerBuilder("SHA256withECDSA").build(key.getPrivate());
    var request = new JcaPKCS10CertificationRequestBuilder(new X500Name("CN=" + device), key.getPublic()).build(signer);
    var issued = est.simpleEnroll(renewal, request, auth).getStore().getMatches(null);
    require(issued.size() == 1, "one certificate, the issued one");
    X509CertificateHolder holder = issued.iterator().next();
    require(holder.getSubject().equals(new X500Name("CN=" + device)), "for the name that was asked for");
    X509Certificate certificate = new JcaX509CertificateConverter().getCertificate(holder);
    require(certificate.getPublicKey().equals(key.getPublic()), "and for the key");
    return certificate;
  }

  static void require(boolean seen, String what) {
    if (!seen) throw new IllegalStateException("not seen: " + what);
    System.out.println("seen: " + what);
  }

  public static void main(String[] arguments) throws Exception {
    Security.addProvider(new BouncyCastleProvider());
    Enroll here = new Enroll(arguments[0], arguments[1], arguments[2]);
    ESTService est = here.client().build();
    require(est.getCACerts().getCertificateStore().getMatches(null).size() == 1, "cacerts: the root");
    require(est.getCSRAttributes().getAttributesResponse().getRequirements().size() == 2, "csrattrs: two");
    ESTAuth password = new HttpAuth(null, here.device, arguments[3].toCharArray(), new SecureRandom(),
                                    new JcaDigestCalculatorProviderBuilder().build());
    KeyPair first = newKey();
    X509Certificate certificate = here.enroll(est, false, first, password);
    require(true, "simpleenroll: by one-time password, after it was asked for one");
    here.enroll(here.clientWith(first, certificate), true, newKey(), null);
    require(true, "simplereenroll: by certificate, for another key");
    try {
      here.enroll(est, true, newKey(), null);
      require(false, "a refusal without a certificate");
    } catch (ESTException refusal) {
      require(refusal.getStatusCode() == 401, "simplereenroll without certificate: 401");
    }
  }
}
