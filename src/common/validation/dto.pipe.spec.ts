import { Type } from 'class-transformer';
import { ValidateNested } from 'class-validator';
import { GatewayError } from '../errors/gateway-error.js';
import { DtoPipe } from './dto.pipe.js';
import { IsMessageId, IsOptionalShortText, IsPageSize, IsSessionId, IsSessionIdOrEmpty, IsShortText } from './ids.js';

class InnerDto {
  @IsShortText(3)
  shortName: string;
}

class RequestDto {
  @IsSessionId()
  sessionId: string;

  @IsPageSize()
  pageSize: number;

  @IsOptionalShortText(5)
  requestTitle?: string;

  @ValidateNested()
  @Type(() => InnerDto)
  innerPart: InnerDto;
}

class Plain {
  sessionId: string;
}

const inner = (shortName: string): InnerDto => Object.assign(new InnerDto(), { shortName });
const VALID = { sessionId: 'ses_1', pageSize: 0, innerPart: inner('abc') };

function transform(value: unknown, metatype: unknown = RequestDto): unknown {
  return new DtoPipe().transform(value, { type: 'body', metatype: metatype as typeof RequestDto });
}

function violations(change: object): readonly { field: string; description: string }[] {
  try {
    transform({ ...VALID, ...change });
  } catch (error) {
    return error instanceof GatewayError ? error.violations : [];
  }
  return [];
}

describe('DtoPipe', () => {
  it('gives what it was given, as its class', () => {
    const dto = transform({ ...VALID, $typeName: 'x.Request' });

    expect(dto).toBeInstanceOf(RequestDto);
    expect(dto).toMatchObject({ ...VALID, $typeName: 'x.Request' });
  });

  it('names fields as the proto files do', () => {
    expect(violations({ sessionId: 'x' })).toEqual([{ field: 'session_id', description: 'must be a session id (ses_…)' }]);
  });

  it('names every field that is wrong', () => {
    const fields = violations({ sessionId: 'x', pageSize: -1, requestTitle: 'far too long' }).map(({ field }) => field);

    expect(fields.sort()).toEqual(['page_size', 'request_title', 'session_id']);
  });

  it('names the path to a field inside', () => {
    expect(violations({ innerPart: inner('long') })).toEqual([
      { field: 'inner_part.short_name', description: 'must have at most 3 characters' },
    ]);
  });

  it('refuses with INVALID_ARGUMENT', () => {
    expect(() => transform({ ...VALID, pageSize: 101 })).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }) as Error);
  });

  it.each([
    ['of a class without rules', { sessionId: 'x' }, Plain],
    ['without a class', { sessionId: 'x' }, undefined],
  ])('leaves a value %s as it is', (_, value, metatype) => {
    expect(new DtoPipe().transform(value, { type: 'body', metatype })).toBe(value);
  });

  it.each(['text', 5, undefined, null])('leaves %p as it is', (value) => {
    expect(transform(value)).toBe(value);
  });
});

describe('the forms of ids', () => {
  class IdsDto {
    @IsSessionIdOrEmpty()
    scope: string;

    @IsMessageId()
    messageId: string;
  }

  function accepts(scope: string, messageId: string): boolean {
    try {
      transform({ scope, messageId }, IdsDto);
      return true;
    } catch {
      return false;
    }
  }

  it.each([
    ['', 'msg_1fd15033d0018YAk0Kmibi7xHZ'],
    ['ses_e02eafccfffefnrmCp9Ziy1alq', 'msg_1'],
  ])('accept %j and %j', (scope, messageId) => {
    expect(accepts(scope, messageId)).toBe(true);
  });

  it.each([
    [' ', 'msg_1'],
    ['ses_', 'msg_1'],
    ['ses_1\n', 'msg_1'],
    ['ses_1/../x', 'msg_1'],
    ['msg_1', 'msg_1'],
    ['', 'ses_1'],
    ['', ''],
    ['', `msg_${'1'.repeat(65)}`],
  ])('refuse %j and %j', (scope, messageId) => {
    expect(accepts(scope, messageId)).toBe(false);
  });
});
