import { WatchedFiles } from '../config/watched-files.js';
import { parseCertificatesFile, type CertificateHolder } from './certificates-file.js';
import { haveSameScopes, isExpired, type Principal, type PrincipalSource, type Proof } from './principal.js';

/** Those who are known by a client certificate, out of a file that may change. */
export class AccessCertificates implements PrincipalSource {
  private readonly file: WatchedFiles;
  private readonly holders = new WeakMap<Principal, CertificateHolder>();
  private listed: ReadonlyMap<string, CertificateHolder> = new Map();

  /** @throws StartError when the file cannot be used */
  constructor(path: string) {
    this.file = new WatchedFiles({ ACCESS_CERTIFICATES_FILE: path }, (text = '') => this.list(parseCertificatesFile(path, text)));
  }

  close(): void {
    this.file.close();
  }

  /** The first of the certificate's names that is listed. A connection may outlive its certificate, a principal does not. */
  find({ certificate }: Proof): Principal | undefined {
    const subject = certificate?.subjects.find((each) => this.listed.has(each));
    const holder = subject === undefined ? undefined : this.listed.get(subject);
    if (certificate === undefined || holder === undefined) return undefined;
    const principal = { id: holder.id, scopes: holder.scopes, expiresAtMs: certificate.expiresAtMs };
    if (isExpired(principal)) return undefined;
    this.holders.set(principal, holder);
    return principal;
  }

  isValid(principal: Principal): boolean {
    const holder = this.holders.get(principal);
    return holder !== undefined && this.listed.get(holder.subject) === holder && !isExpired(principal);
  }

  /** Whose name and scopes are as they were stays the same object. */
  private list(holders: readonly CertificateHolder[]): void {
    const kept = holders.map((holder) => {
      const known = this.listed.get(holder.subject);
      return known !== undefined && known.id === holder.id && haveSameScopes(known, holder) ? known : holder;
    });
    this.listed = new Map(kept.map((holder) => [holder.subject, holder]));
  }
}
