/** Where a call of OpenCode goes. */
export interface UpstreamRoute {
  readonly path: string;
  /** The path without what differs from call to call: `/session/{id}/message`. */
  readonly template: string;
}

/** A path with ids in it: route`/session/${id}/message`. */
export function route(texts: TemplateStringsArray, ...ids: readonly string[]): UpstreamRoute {
  return { path: String.raw({ raw: texts }, ...ids.map(encodeURIComponent)), template: texts.join('{id}') };
}

/** A path without ids is its own template. */
export function toRoute(route: string | UpstreamRoute): UpstreamRoute {
  return typeof route === 'string' ? { path: route, template: route } : route;
}
