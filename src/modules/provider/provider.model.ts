/** What a model can take in or give out. */
export interface Media {
  readonly text: boolean;
  readonly audio: boolean;
  readonly image: boolean;
  readonly video: boolean;
  readonly pdf: boolean;
}

/** USD per million tokens. */
export interface Price {
  readonly input: number;
  readonly output: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
}

/** A model as a caller may know it: without headers and options, which may hold secrets. */
export interface Model {
  readonly id: string;
  readonly providerId: string;
  readonly name: string;
  readonly family: string | undefined;
  /** `YYYY-MM-DD` */
  readonly releaseDate: string | undefined;
  readonly api: { readonly id: string; readonly url: string; readonly npm: string };
  readonly takesTemperature: boolean;
  readonly reasons: boolean;
  readonly reasonsBetweenTools: boolean;
  readonly takesAttachments: boolean;
  readonly callsTools: boolean;
  readonly input: Media;
  readonly output: Media;
  readonly price: Price;
  readonly priceOver200k: Price | undefined;
  /** Prices above a size of the context, in tokens. */
  readonly priceTiers: readonly (Price & { readonly contextSize: number })[];
  /** Tokens. */
  readonly limits: { readonly context: number; readonly input: number | undefined; readonly output: number };
  /** `active`, `alpha`, `beta` or `deprecated`. */
  readonly status: string;
  /** Names of settings a prompt can choose, such as a reasoning effort. */
  readonly variants: readonly string[];
}

/** How a provider is known to OpenCode. */
export interface Provider {
  readonly id: string;
  readonly name: string;
  /** `env`, `config`, `custom` or `api`. */
  readonly source: string;
  /** OpenCode has a key for it, from wherever. */
  readonly hasKey: boolean;
  readonly models: readonly Model[];
}

export interface Providers {
  readonly providers: readonly Provider[];
  /** The model that is taken of a provider when none is named. */
  readonly defaults: Readonly<Record<string, string>>;
}
