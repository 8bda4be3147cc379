export interface QuestionItem {
  readonly header: string;
  readonly question: string;
  readonly options: readonly { readonly label: string; readonly description: string }[];
  readonly multiple: boolean;
  /** Free text is allowed. */
  readonly custom: boolean;
}

/** What the agent asks the user; one request may hold several questions. */
export interface Question {
  readonly id: string;
  readonly sessionId: string;
  readonly items: readonly QuestionItem[];
}

export interface QuestionAnswer {
  readonly sessionId: string;
  readonly questionId: string;
  /** Chosen labels, one list for each item. */
  readonly answers: readonly (readonly string[])[];
}
