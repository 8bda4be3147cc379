import { z } from 'zod';
import { StartError } from '../config/config.js';
import type { Principal } from './principal.js';
import { parsePrincipalsFile, principalName, principalScopes } from './principals-file.js';

/** For whom a certificate is that lets its bearer in. */
export interface CertificateHolder extends Pick<Principal, 'id' | 'scopes'> {
  readonly subject: string;
}

const file = z.strictObject({
  certificates: z.array(
    z.strictObject({
      subject: z.string().regex(/^(URI|DNS|CN):./, 'must begin with URI:, DNS: or CN:'),
      scopes: principalScopes,
      name: principalName.optional(),
    }),
  ),
});

/**
 * The subjects of ACCESS_CERTIFICATES_FILE: `{"certificates": [{"subject", "scopes", "name"?}]}`.
 *
 * @throws StartError that names the entry
 */
export function parseCertificatesFile(path: string, text: string): CertificateHolder[] {
  const { certificates } = parsePrincipalsFile({ setting: 'ACCESS_CERTIFICATES_FILE', path }, file, text);
  const subjects = new Set<string>();
  return certificates.map(({ subject, scopes, name = subject }) => {
    if (subjects.has(subject)) throw new StartError(`ACCESS_CERTIFICATES_FILE: ${subject} is there twice in ${path}`);
    subjects.add(subject);
    return { id: name, subject, scopes: new Set(scopes) };
  });
}
