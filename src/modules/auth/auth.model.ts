export type CredentialType = 'api_key' | 'oauth';

/** What OpenCode shows a provider. Secret: it goes in and never out. */
export type Credential =
  | { readonly type: 'api_key'; readonly key: string }
  | {
      readonly type: 'oauth';
      readonly refreshToken: string;
      readonly accessToken: string;
      /** Unix milliseconds; 0: refreshed before its first use. */
      readonly expiresAtMs: number;
      readonly accountId: string | undefined;
      readonly enterpriseUrl: string | undefined;
    };

/** What a caller may know of a provider's credentials. */
export interface ProviderAuth {
  readonly providerId: string;
  /** Of the one in use. */
  readonly type: CredentialType;
  /** Unix milliseconds. */
  readonly expiresAtMs: number | undefined;
  /** What can be switched to. */
  readonly stored: readonly CredentialType[];
}
