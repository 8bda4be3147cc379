import { applyDecorators } from '@nestjs/common';
import { IsOptional, Matches, Max, MaxLength, Min } from 'class-validator';

/** Ids as OpenCode makes them; anything else it would answer with an unexplained 500. */
const idForm = (prefix: string): RegExp => new RegExp(`^${prefix}_[0-9A-Za-z]{1,64}$`);

const SESSION_ID = idForm('ses');
const MESSAGE_ID = idForm('msg');
const PERMISSION_ID = idForm('per');
const QUESTION_ID = idForm('que');
const PART_ID = idForm('prt');

export function isSessionId(text: string): boolean {
  return SESSION_ID.test(text);
}

const MAX_PAGE_SIZE = 100;
export const DEFAULT_PAGE_SIZE = 50;

export const IsSessionId = (): PropertyDecorator => Matches(SESSION_ID, { message: 'must be a session id (ses_…)' });
export const IsMessageId = (): PropertyDecorator => Matches(MESSAGE_ID, { message: 'must be a message id (msg_…)' });
export const IsPermissionId = (): PropertyDecorator => Matches(PERMISSION_ID, { message: 'must be a permission id (per_…)' });
export const IsQuestionId = (): PropertyDecorator => Matches(QUESTION_ID, { message: 'must be a question id (que_…)' });

export const IsPartId = (): PropertyDecorator => Matches(PART_ID, { message: 'must be a part id (prt_…)' });

/** A message id, or empty for every message. */
export const IsMessageIdOrEmpty = (): PropertyDecorator =>
  Matches(new RegExp(`^$|${MESSAGE_ID.source}`), { message: 'must be a message id (msg_…) or empty' });

/** `provider/model`; a model's own id may contain slashes. */
export const IsModelName = (): PropertyDecorator => Matches(/^[^/]+\/.+$/s, { message: 'must be provider/model' });

/** A session id, or empty for every session. */
export const IsSessionIdOrEmpty = (): PropertyDecorator =>
  Matches(new RegExp(`^$|${SESSION_ID.source}`), { message: 'must be a session id (ses_…) or empty' });

/** 0 (the default size) to 100. */
export const IsPageSize = (): PropertyDecorator =>
  applyDecorators(Min(0, { message: 'must not be negative' }), Max(MAX_PAGE_SIZE, { message: `must be at most ${MAX_PAGE_SIZE}` }));

export const IsShortText = (maxLength: number): PropertyDecorator =>
  MaxLength(maxLength, { message: `must have at most ${maxLength} characters` });

export const IsOptionalShortText = (maxLength: number): PropertyDecorator => applyDecorators(IsOptional(), IsShortText(maxLength));
