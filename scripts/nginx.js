/** nginx as ingress-nginx sets it up for the chart's annotations: a server for each door, over TLS with HTTP/2. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { obtain, run } from './toolchain.js';

const TEMPLATE = join('helm', 'opencode-gateway', 'templates', '_ingress.tpl');
const START_TIMEOUT_MS = 10_000;

/** What ingress-nginx writes for each annotation; those of times and sizes for both kinds of backends. */
const DIRECTIVES = {
  'proxy-buffering': (value) => [`proxy_buffering ${value}`],
  'proxy-request-buffering': (value) => [`proxy_request_buffering ${value}`],
  'proxy-body-size': (value) => [`client_max_body_size ${value}`],
  'proxy-connect-timeout': (value) => [`proxy_connect_timeout ${value}s`, `grpc_connect_timeout ${value}s`],
  'proxy-read-timeout': (value) => [`proxy_read_timeout ${value}s`, `grpc_read_timeout ${value}s`],
  'proxy-send-timeout': (value) => [`proxy_send_timeout ${value}s`, `grpc_send_timeout ${value}s`],
  'backend-protocol': (value) => [value === 'GRPC' ? 'grpc_pass grpc://gateway_grpc' : 'proxy_pass http://gateway_http'],
};

/** Of every location, whatever the annotations: ingress-nginx tells who called, and keeps connections to the backend. */
const ALWAYS = [
  'proxy_http_version 1.1',
  ...['proxy', 'grpc'].flatMap((kind) => [
    `${kind}_set_header Host $http_host`,
    `${kind}_set_header X-Request-ID $request_id`,
    `${kind}_set_header X-Real-IP $remote_addr`,
    `${kind}_set_header X-Forwarded-For $remote_addr`,
    `${kind}_set_header X-Forwarded-Host $http_host`,
    `${kind}_set_header X-Forwarded-Port $server_port`,
    `${kind}_set_header X-Forwarded-Proto $scheme`,
    `${kind}_set_header X-Scheme $scheme`,
    `${kind}_next_upstream error timeout`,
  ]),
  'proxy_set_header Connection ""',
];

/** The annotations that the chart gives an Ingress in front of a backend of the protocol. */
export function chartAnnotations(protocol) {
  const lines = readFileSync(TEMPLATE, 'utf8').matchAll(/^nginx\.ingress\.kubernetes\.io\/(\S+): (.+)$/gm);
  const annotations = [...lines].map(([, name, value]) => [name, value === '{{ . }}' ? protocol : value.replaceAll("'", '')]);
  if (annotations.length === 0) throw new Error(`${TEMPLATE} has no annotations of nginx`);
  return Object.fromEntries(annotations);
}

function location(annotations) {
  const directives = Object.entries(annotations).flatMap(([name, value]) => {
    if (!(name in DIRECTIVES)) throw new Error(`nobody knows what nginx does for the annotation ${name}`);
    return DIRECTIVES[name](value);
  });
  return [...ALWAYS, ...directives].map((directive) => `      ${directive};`).join('\n');
}

function configuration({ folder, upstreams, servers }) {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `  ${kind}_temp_path ${folder}/temp;`);
  const upstream = ([name, address]) => `  upstream ${name} { server ${address}; keepalive 320; }`;
  const server = ({ port, annotations }) => `  server {
    listen 127.0.0.1:${port} ssl http2;
    ssl_certificate ${folder}/cert.pem;
    ssl_certificate_key ${folder}/key.pem;
    location / {
${location(annotations)}
    }
  }`;
  return `daemon off;
user root;
pid ${folder}/nginx.pid;
error_log stderr warn;
events { worker_connections 1024; }
http {
  access_log off;
${[...temporary, ...Object.entries(upstreams).map(upstream), ...servers.map(server)].join('\n')}
}
`;
}

/** Installs nginx if it is not there, without starting it. Throws Missing. */
export function obtainNginx() {
  try {
    run('nginx', ['-v']);
  } catch {
    obtain('apt-get', ['update', '--quiet=2']);
    const options = ['--yes', '--quiet=2', '--no-install-recommends'];
    // At run level 1 Debian starts no services that are installed.
    obtain('apt-get', ['install', ...options, 'nginx-light'], {
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' },
    });
  }
}

/** Runs the work with nginx in front; its files are in the folder, where cert.pem and key.pem are too. */
export async function withNginx({ folder, upstreams, servers }, work) {
  const file = join(folder, 'nginx.conf');
  mkdirSync(join(folder, 'temp'), { recursive: true });
  writeFileSync(file, configuration({ folder, upstreams, servers }));
  run('nginx', ['-t', '-q', '-p', folder, '-c', file]);
  const nginx = spawn('nginx', ['-p', folder, '-c', file], { stdio: ['ignore', 'inherit', 'inherit'] });
  const ended = once(nginx, 'close');
  try {
    await Promise.all(servers.map(({ port }) => untilOpen(port)));
    return await work();
  } finally {
    nginx.kill('SIGTERM');
    await ended;
  }
}

async function untilOpen(port) {
  const deadline = Date.now() + START_TIMEOUT_MS;
  for (;;) {
    const socket = connect(port, '127.0.0.1');
    const isOpen = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (isOpen) return;
    if (Date.now() > deadline) throw new Error(`nginx does not listen at ${port}`);
    await pause(50);
  }
}
