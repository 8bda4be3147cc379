// A client generated from proto/: works with a session over gRPC.
//
// Usage: client GRPC_ADDRESS FILE SIZE, where FILE in the workspace holds SIZE bytes, each its own offset modulo 256.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"strconv"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/proto"

	eventpb "opencode-gateway/gen/opencode/event"
	filepb "opencode-gateway/gen/opencode/file"
	messagepb "opencode-gateway/gen/opencode/message"
	sessionpb "opencode-gateway/gen/opencode/session"
	toolpb "opencode-gateway/gen/opencode/tool"
)

const script = `SCRIPT:[[{"t":"tool","name":"bash","args":{"command":"echo hello","description":"Say hello"}}],[{"t":"text","value":"The command said hello."}]]`

func check(fact bool, what string) {
	if !fact {
		log.Fatalf("not so: %s", what)
	}
	fmt.Printf("  go: %s\n", what)
}

func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}

// runTurn streams a turn to its end and allows what it asks for.
func runTurn(ctx context.Context, connection *grpc.ClientConn, sessionID string) (events []*eventpb.GlobalEvent, answered bool) {
	stream := must(messagepb.NewMessageServiceClient(connection).StreamMessage(ctx, &messagepb.SendMessageRequest{
		SessionId: sessionID,
		Parts:     []*messagepb.MessagePart{{Content: &messagepb.MessagePart_Text{Text: &messagepb.TextPart{Text: script}}}},
	}))
	for {
		event, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return events, answered
		}
		events = append(events, must(event, err))
		if asked := event.GetPermissionCreated(); asked != nil {
			must(toolpb.NewPermissionServiceClient(connection).RespondToPermission(ctx, &toolpb.PermissionResponse{
				SessionId: sessionID, PermissionId: asked.Permission.Id, Response: "once",
			}))
			answered = true
		}
	}
}

// countEvents reads the session's durable events from the beginning up to a position.
func countEvents(ctx context.Context, connection *grpc.ClientConn, sessionID string, last int64) int {
	ctx, leave := context.WithCancel(ctx)
	defer leave()
	stream := must(eventpb.NewEventServiceClient(connection).SubscribeSessionEvents(ctx, &eventpb.SubscribeSessionEventsRequest{
		SessionId: sessionID, AfterSequence: proto.Int64(0), DurableOnly: true,
	}))
	for count := 1; ; count++ {
		if event := must(stream.Recv()); event.GetSequence() >= last {
			return count
		}
	}
}

func readFile(ctx context.Context, connection *grpc.ClientConn, sessionID, path string, size int) {
	answer, err := filepb.NewFileServiceClient(connection).ReadFile(ctx, &filepb.ReadFileRequest{SessionId: sessionID, Path: path})
	same := len(must(answer, err).Data) == size
	for offset, value := range answer.Data {
		same = same && int(value) == offset%256
	}
	check(same, "reads a binary file")
}

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	address, path, size := os.Args[1], os.Args[2], must(strconv.Atoi(os.Args[3]))
	connection := must(grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials())))
	defer connection.Close()

	session := must(sessionpb.NewSessionServiceClient(connection).CreateSession(ctx, &sessionpb.CreateSessionRequest{Title: proto.String("go")}))
	check(strings.HasPrefix(session.Id, "ses_"), "creates a session")

	events, answered := runTurn(ctx, connection, session.Id)
	final := events[len(events)-1].GetTurnUpdated()
	check(answered, "answers a permission request")
	check(final.GetState() == eventpb.TurnState_TURN_STATE_COMPLETED, "streams a turn to its end")
	readFile(ctx, connection, session.Id, path, size)

	var last int64
	for _, event := range events {
		last = max(last, event.GetSequence())
	}
	check(countEvents(ctx, connection, session.Id, last) > 3, "subscribes to the session's events")
}
