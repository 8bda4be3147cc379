import type { PeerCertificate } from 'node:tls';
import type { ClientCertificate } from '../access/principal.js';

/** One name of Node's list of them; what could be mistaken for another it puts in quotes. */
const ALTERNATIVE_NAME = /([A-Za-z ]+):("(?:[^"\\]|\\.)*"|[^",]*)(?:, |$)/gy;

/** Whom a certificate is for. A name that needs quotes is nobody's. */
export function toClientCertificate({
  subject,
  subjectaltname = '',
  valid_to,
}: Pick<PeerCertificate, 'subject' | 'subjectaltname' | 'valid_to'>): ClientCertificate {
  const alternatives = [...subjectaltname.matchAll(ALTERNATIVE_NAME)]
    .filter(([, kind = '', name = '']) => ['URI', 'DNS'].includes(kind) && !name.startsWith('"'))
    .map(([, kind, name]) => `${kind}:${name}`);
  // Several common names come as an array: who could say which counts?
  const common = typeof subject.CN === 'string' ? [`CN:${subject.CN}`] : [];
  return { subjects: [...alternatives, ...common], expiresAtMs: Date.parse(valid_to) };
}
