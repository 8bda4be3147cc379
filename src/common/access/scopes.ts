import type { DescMethod } from '@bufbuild/protobuf';
import type { Config } from '../config/config.js';
import { originalOf } from '../grpc/aggregate.js';
import { methodName, protoServices } from '../grpc/proto-types.js';

export const SCOPES = ['read', 'write', 'approve', 'files', 'shell', 'auth', 'admin'] as const;

/**
 * What a principal may do: look, work with sessions and prompts, answer what agents ask, use files, run shell lines, handle
 * credentials; `admin` may do everything.
 */
export type Scope = (typeof SCOPES)[number];

/** What a caller needs: a scope, any token where more is asked later, or nothing at all. */
export type Requirement = Scope | 'any' | 'open';

/** Of every method of the contract; those of the aggregate need what the methods need that they stand for. */
export const METHOD_SCOPES: Readonly<Record<string, Requirement>> = {
  'opencode.v1.OpenCodeService/Health': 'open',
  'opencode.v1.OpenCodeService/GetSession': 'read',
  'opencode.v1.OpenCodeService/ResetSession': 'write',
  'opencode.v1.OpenCodeService/GetSessionStats': 'read',
  'opencode.v1.OpenCodeService/SendMessage': 'write',
  'opencode.v1.OpenCodeService/ListMessages': 'read',
  'opencode.v1.OpenCodeService/StreamMessages': 'read',
  'opencode.v1.OpenCodeService/ClearMessages': 'write',
  'opencode.v1.OpenCodeService/ListFiles': 'files',
  'opencode.v1.OpenCodeService/ReadFile': 'files',
  'opencode.v1.OpenCodeService/WriteFile': 'files',
  'opencode.v1.OpenCodeService/DeleteFile': 'files',
  'opencode.v1.OpenCodeService/GetFileChanges': 'files',
  'opencode.v1.OpenCodeService/CancelAgent': 'write',
  'opencode.v1.OpenCodeService/GetAgentStatus': 'read',
  'opencode.v1.OpenCodeService/ListModels': 'read',
  'opencode.v1.OpenCodeService/SetModel': 'write',
  'opencode.session.SessionService/ListSessions': 'read',
  'opencode.session.SessionService/CreateSession': 'write',
  'opencode.session.SessionService/DeleteSession': 'write',
  'opencode.session.SessionService/UpdateSessionDirectory': 'write',
  'opencode.session.SessionService/SearchSessions': 'read',
  'opencode.session.SessionService/GetSession': 'read',
  'opencode.session.SessionService/UpdateSession': 'write',
  'opencode.session.SessionService/ListChildSessions': 'read',
  'opencode.session.SessionService/GetSessionStatus': 'read',
  'opencode.session.SessionService/ListSessionStatuses': 'read',
  'opencode.session.SessionService/ListTodos': 'read',
  'opencode.session.SessionService/GetSessionDiff': 'read',
  'opencode.session.SessionService/ForkSession': 'write',
  'opencode.session.SessionService/RevertSession': 'write',
  'opencode.session.SessionService/UnrevertSession': 'write',
  'opencode.session.SessionService/SummarizeSession': 'write',
  'opencode.session.ProviderService/GetProviders': 'read',
  'opencode.message.MessageService/SendMessage': 'write',
  'opencode.message.MessageService/GetMessages': 'read',
  'opencode.message.MessageService/AbortSession': 'write',
  'opencode.message.MessageService/RunMessage': 'write',
  'opencode.message.MessageService/StreamMessage': 'write',
  'opencode.message.MessageService/ListMessages': 'read',
  'opencode.message.MessageService/GetMessage': 'read',
  'opencode.message.MessageService/DeleteMessage': 'write',
  'opencode.message.MessageService/RunCommand': 'write',
  'opencode.message.MessageService/RunShell': 'shell',
  'opencode.tool.PermissionService/RespondToPermission': 'approve',
  'opencode.tool.PermissionService/ListPermissions': 'read',
  'opencode.question.QuestionService/ListQuestions': 'read',
  'opencode.question.QuestionService/ReplyQuestion': 'approve',
  'opencode.question.QuestionService/RejectQuestion': 'approve',
  'opencode.agent.AgentService/ListAgents': 'read',
  'opencode.auth.AuthService/GetAuthStatus': 'auth',
  'opencode.auth.AuthService/GetProviderAuth': 'auth',
  'opencode.auth.AuthService/GetProviderStatus': 'read',
  'opencode.auth.AuthService/SwitchProviderAuth': 'auth',
  'opencode.auth.AuthService/SetProviderCredential': 'auth',
  'opencode.auth.AuthService/RemoveProviderCredential': 'auth',
  'opencode.command.CommandService/ListCommands': 'read',
  'opencode.file.FileService/ListFiles': 'files',
  'opencode.file.FileService/ReadFile': 'files',
  'opencode.file.FileService/WriteFile': 'files',
  'opencode.file.FileService/DeleteFile': 'files',
  'opencode.file.FileService/FindFiles': 'files',
  'opencode.file.FileService/SearchText': 'files',
  'opencode.event.EventService/SubscribeGlobalEvents': 'read',
  'opencode.event.EventService/SubscribeSessionEvents': 'read',
};

/** Of the routes that no method of the contract has. */
export const ROUTE_SCOPES: Readonly<Record<string, Requirement>> = {
  '/openapi.json': 'read',
  '/descriptors.binpb': 'read',
  '/docs': 'open',
  '/docs/docs.js': 'open',
  '/docs/swagger-ui-bundle.js': 'open',
  '/docs/swagger-ui.css': 'open',
  '/metrics': 'read',
  '/livez': 'open',
  '/readyz': 'open',
  '/.well-known/agent-card.json': 'open',
  '/.well-known/agent.json': 'open',
};

/** The routes' table under the settings. */
export function routeScopes({ METRICS_OPEN }: Pick<Config, 'METRICS_OPEN'>): Readonly<Record<string, Requirement>> {
  return METRICS_OPEN ? { ...ROUTE_SCOPES, '/metrics': 'open' } : ROUTE_SCOPES;
}

const requirements = new Map<DescMethod, Requirement | undefined>(
  protoServices.flatMap(({ methods }) => methods.map((method) => [method, METHOD_SCOPES[methodName(originalOf(method))]])),
);

/** Undefined when the table has no row, which a test finds: nobody may call it then. */
export function requirementOf(method: DescMethod): Requirement | undefined {
  return requirements.get(method);
}
