import { isIP } from 'node:net';
import { z } from 'zod';
import { weaknessOf } from './secrets.js';

/** The forms that settings have. */

const MIN_SECRET_LENGTH = 16;

/** Timers cannot wait longer. */
export const MAX_TIMER_MS = 2_147_483_647;

const lowerCase = (value: unknown): unknown => (typeof value === 'string' ? value.toLowerCase() : value);
const isOn = (value: string): boolean => value === 'true' || value === '1';
const flagText = z.enum(['true', 'false', '1', '0']);

export const text = () => z.string().min(1);
export const webUrl = () => z.url({ protocol: /^https?$/ });
export const portNumber = z.coerce.number().int().min(0).max(65_535);
export const port = (fallback: number) => portNumber.default(fallback);
export const integer = (minimum: number, fallback: number) => z.coerce.number().int().min(minimum).default(fallback);
export const flag = (fallback: 'true' | 'false' = 'false') => z.preprocess(lowerCase, flagText.default(fallback)).transform(isOn);
export const optionalFlag = z.preprocess(lowerCase, flagText.transform(isOn).optional());

export const secret = z
  .string()
  .min(MIN_SECRET_LENGTH, `must have at least ${MIN_SECRET_LENGTH} characters`)
  .superRefine((value, context) => {
    const weakness = value.length < MIN_SECRET_LENGTH ? undefined : weaknessOf(value);
    if (weakness !== undefined) context.addIssue({ code: 'custom', message: weakness });
  })
  .optional();

export const seconds = z.coerce
  .number()
  .positive()
  .max(MAX_TIMER_MS / 1_000);

/** Two of them still make a timer. */
const halfATimer = (unitMs: number) => (fallback: number) =>
  z.coerce
    .number()
    .int()
    .min(0)
    .max(Math.floor(MAX_TIMER_MS / (2 * unitMs)))
    .default(fallback);

export const milliseconds = halfATimer(1);

export const wholeSeconds = halfATimer(1_000);

const items = (value: string): string[] => value.split(',').map((item) => item.trim());

/** Some of the given words, comma-separated. */
export const choices = <const Choice extends string>(from: readonly Choice[], fallback: string) =>
  z
    .string()
    .default(fallback)
    .transform(items)
    .pipe(z.array(z.enum(from)).min(1));

/** Names of a form, comma-separated. */
export const names = (isName: (name: string) => boolean, what: string) =>
  z
    .string()
    .transform(items)
    .pipe(z.array(z.string().refine(isName, what)))
    .optional();

export function isHostName(name: string): boolean {
  return /^[a-z\d_](?:[a-z\d_.-]*[a-z\d_])?$/.test(name);
}

/** An address, or a network as `10.0.0.0/8`. */
export function isNetwork(name: string): boolean {
  const [address = '', bits, ...rest] = name.split('/');
  const family = isIP(address);
  if (family === 0 || rest.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128));
}

/** As browsers write it: lower case, without a path, and without a port that the scheme implies. */
export function isOrigin(origin: string): boolean {
  if (!/^[a-z][a-z\d+.-]*:\/\/[^\s/?#@*]+$/.test(origin)) return false;
  return !/^https?:/.test(origin) || (URL.canParse(origin) && new URL(origin).origin === origin);
}

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|::1|\[::1\])$/;

export function isLoopback(host: string): boolean {
  return LOOPBACK.test(host);
}

/** Whether what comes from there comes from who is named there. */
export function isSafeForKeys(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol !== 'http:' || isLoopback(hostname);
}

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const;
type LogLevel = (typeof LOG_LEVELS)[number];

/** Python's names for them. */
const PYTHON_LEVELS: Readonly<Record<string, LogLevel>> = { critical: 'fatal', warning: 'warn' };

/** A log level in Python's words or ours, in any case; what is none is `warn`, as opencode-a2a-server has it. */
export const forgivingLevel = z.string().transform((value): LogLevel => {
  const level = value.trim().toLowerCase();
  return PYTHON_LEVELS[level] ?? LOG_LEVELS.find((known) => known === level) ?? 'warn';
});
