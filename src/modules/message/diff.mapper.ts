import { create } from '@bufbuild/protobuf';
import { SessionDiffSchema, type SessionDiff } from '../../common/grpc/generated/session_pb.js';
import type { UpstreamFileDiff, UpstreamMessageWithParts } from '../../common/opencode/opencode.types.js';
import type { FileDiff } from '../session/session.model.js';

export function fromUpstreamDiff({ file, status, additions, deletions, patch }: UpstreamFileDiff): FileDiff {
  return { path: file, status: status ?? 'modified', additions: additions ?? 0, deletions: deletions ?? 0, patch: patch ?? '' };
}

/** The changes of every turn, in the order they were made. They stand with the prompts that began the turns. */
export function diffsOf(history: readonly UpstreamMessageWithParts[]): FileDiff[] {
  return history.flatMap(({ info }) => (info.role === 'user' ? (info.summary?.diffs ?? []) : [])).map(fromUpstreamDiff);
}

/** One entry a file: its patches one after the other, its lines counted together. */
export function mergeDiffs(diffs: readonly FileDiff[]): FileDiff[] {
  const byPath = new Map<string, FileDiff>();
  for (const diff of diffs) {
    const before = byPath.get(diff.path);
    byPath.set(diff.path, before === undefined ? diff : merge(before, diff));
  }
  return [...byPath.values()];
}

function merge(before: FileDiff, after: FileDiff): FileDiff {
  return {
    path: before.path,
    // A file that was made here is new however often it was changed since.
    status: before.status === 'added' && after.status === 'modified' ? 'added' : after.status,
    additions: before.additions + after.additions,
    deletions: before.deletions + after.deletions,
    patch: before.patch + after.patch,
  };
}

export function toSessionDiff(files: readonly FileDiff[]): SessionDiff {
  return create(SessionDiffSchema, { files: [...files] });
}
