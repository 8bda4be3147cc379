/** The forms in which extensions were named in the lines of opencode-a2a. */
const FORMS = (name: string): string[] => [
  `urn:a2a:${name}/v1`,
  `urn:opencode-a2a:extension:${name}:v1`,
  `https://github.com/Intelligent-Internet/opencode-a2a/blob/main/docs/extension-specifications.md#${name}`,
];

/** Whether a caller negotiated an extension, under any of its names. */
export function negotiates(extensions: ReadonlySet<string>, name: string): boolean {
  return extensions.size > 0 && FORMS(name).some((uri) => extensions.has(uri));
}
