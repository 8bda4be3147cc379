import { KeyObject } from 'node:crypto';
import {
  BasicConstraintsExtension,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
  type JsonGeneralName,
  type X509Certificate,
} from '@peculiar/x509';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const HOUR_MS = 3_600_000;

type Keys = Awaited<ReturnType<typeof makeKeys>>;

export interface Issued {
  readonly cert: string;
  readonly key: string;
}

export interface CertificateRequest {
  /** A distinguished name: `CN=ci`. */
  readonly subject: string;
  readonly names?: readonly JsonGeneralName[];
  readonly expires?: Date;
}

function makeKeys() {
  return crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
}

/** Issues certificates, as a company's own authority does. */
export class TestAuthority {
  private serial = 1;

  private constructor(
    private readonly certificate: X509Certificate,
    private readonly keys: Keys,
  ) {}

  static async create(name = 'Test Authority'): Promise<TestAuthority> {
    const keys = await makeKeys();
    const certificate = await X509CertificateGenerator.createSelfSigned({
      serialNumber: '01',
      name: `CN=${name}`,
      notBefore: new Date(Date.now() - HOUR_MS),
      notAfter: new Date(Date.now() + HOUR_MS),
      signingAlgorithm: ALGORITHM,
      keys,
      extensions: [new BasicConstraintsExtension(true, undefined, true)],
    });
    return new TestAuthority(certificate, keys);
  }

  /** PEM. */
  get ca(): string {
    return this.certificate.toString('pem');
  }

  async issue({ subject, names = [], expires = new Date(Date.now() + HOUR_MS) }: CertificateRequest): Promise<Issued> {
    const { publicKey, privateKey } = await makeKeys();
    this.serial += 1;
    const certificate = await X509CertificateGenerator.create({
      serialNumber: this.serial.toString(16).padStart(4, '0'),
      subject,
      issuer: this.certificate.subject,
      notBefore: new Date(Date.now() - HOUR_MS),
      notAfter: expires,
      signingAlgorithm: ALGORITHM,
      publicKey,
      signingKey: this.keys.privateKey,
      extensions: names.length > 0 ? [new SubjectAlternativeNameExtension([...names])] : [],
    });
    return { cert: certificate.toString('pem'), key: KeyObject.from(privateKey).export({ type: 'pkcs8', format: 'pem' }).toString() };
  }

  /** For a server on this machine. */
  issueForServer(): Promise<Issued> {
    const names = [
      { type: 'dns', value: 'localhost' },
      { type: 'ip', value: '127.0.0.1' },
    ] as const;
    return this.issue({ subject: 'CN=gateway', names });
  }
}
