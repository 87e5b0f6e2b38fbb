package devstack

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

const temporalNamespace = "default"

// searchAttributes are what workflows are found by in the UI and in queries.
// docker-compose.temporal.yml and the Kubernetes manifests register the same.
var searchAttributes = []string{"TenantId", "JobKind", "DocumentId", "EndpointId"}

// dynamicConfig turns on the task queues that share workers fairly between
// tenants. config/temporal/dynamicconfig.yaml holds the same for a cluster.
var dynamicConfig = []string{"matching.useNewMatcher=true", "matching.enableFairness=true"}

// temporal is the development server of the Temporal CLI on an SQLite file.
type temporal struct {
	serviceBase
	program string
	want    Ports

	mu       sync.Mutex
	grpcPort int
	uiPort   int
}

func newTemporal(base serviceBase, want Ports) (*temporal, error) {
	program, err := FindTemporal()
	if err != nil {
		return nil, err
	}
	return &temporal{serviceBase: base, program: program, want: want}, nil
}

func (t *temporal) name() Service { return Temporal }

func (t *temporal) folder() string   { return filepath.Join(t.dir, "temporal") }
func (t *temporal) database() string { return filepath.Join(t.folder(), "temporal.db") }

// completeFile marks a database whose tables were all made. The CLI makes them
// only when the file does not exist, so a file from a start that was killed
// half-way would never work.
func (t *temporal) completeFile() string { return filepath.Join(t.folder(), "complete") }

func (t *temporal) prepare(context.Context) error {
	if err := os.MkdirAll(t.folder(), 0o700); err != nil {
		return fmt.Errorf("devstack: %w", err)
	}
	if exists(t.completeFile()) {
		return nil
	}
	for _, suffix := range []string{"", "-wal", "-shm", "-journal"} {
		if err := os.Remove(t.database() + suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("devstack: %w", err)
		}
	}
	return nil
}

func (t *temporal) choosePort() error {
	grpcPort, uiPort := t.want.Temporal, t.want.TemporalUI
	var err error
	if grpcPort == 0 {
		grpcPort, err = t.ports.pick(0)
	}
	if uiPort == 0 && err == nil {
		uiPort, err = t.ports.pick(0)
	}
	if err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.grpcPort, t.uiPort = grpcPort, uiPort
	return nil
}

func (t *temporal) currentPorts() (grpcPort, uiPort int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.grpcPort, t.uiPort
}

func (t *temporal) portTaken() bool {
	grpcPort, uiPort := t.currentPorts()
	return errors.Join(tryListen(loopback, grpcPort), tryListen(loopback, uiPort)) != nil
}

func (t *temporal) address() string {
	port, _ := t.currentPorts()
	return loopback + ":" + strconv.Itoa(port)
}

func (t *temporal) uiURL() string {
	_, port := t.currentPorts()
	return "http://" + loopback + ":" + strconv.Itoa(port)
}

func (t *temporal) command() command {
	grpcPort, uiPort := t.currentPorts()
	// The log survives a kill -9 with either setting; NORMAL may lose the last
	// moments at a power failure, which the recovery of unstarted jobs repairs.
	sync := "NORMAL"
	if t.ephemeral {
		sync = "OFF"
	}
	args := []string{
		"server", "start-dev", "--db-filename", t.database(), "--log-level", "warn",
		"--ip", loopback, "--port", strconv.Itoa(grpcPort), "--ui-port", strconv.Itoa(uiPort),
		"--sqlite-pragma", "journal_mode=WAL", "--sqlite-pragma", "synchronous=" + sync,
	}
	if t.ephemeral {
		// Tests make namespaces and use their search attributes at once; the server
		// would notice these within a minute.
		args = append(args, "--dynamic-config-value", "system.forceSearchAttributesCacheRefreshOnRead=true")
	}
	for _, value := range dynamicConfig {
		args = append(args, "--dynamic-config-value", value)
	}
	for _, name := range searchAttributes {
		args = append(args, "--search-attribute", name+"=Keyword")
	}
	return command{path: t.program, args: args, stopSignal: syscall.SIGTERM}
}

// ready waits for the frontend, the namespace with its search attributes, and
// the UI.
func (t *temporal) ready(ctx context.Context) error {
	conn, err := grpc.NewClient(t.address(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer conn.Close()
	_, err = workflowservice.NewWorkflowServiceClient(conn).DescribeNamespace(ctx,
		&workflowservice.DescribeNamespaceRequest{Namespace: temporalNamespace})
	if err != nil {
		return err
	}
	if err := t.ensureSearchAttributes(ctx, operatorservice.NewOperatorServiceClient(conn)); err != nil {
		return err
	}
	if err := t.uiAnswers(ctx); err != nil {
		return err
	}
	return os.WriteFile(t.completeFile(), nil, 0o600)
}

// ensureSearchAttributes adds what a database of an older version lacks: the
// command line's attributes only count when the namespace is created.
func (t *temporal) ensureSearchAttributes(ctx context.Context, operator operatorservice.OperatorServiceClient) error {
	have, err := operator.ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: temporalNamespace})
	if err != nil {
		return err
	}
	missing := map[string]enums.IndexedValueType{}
	for _, name := range searchAttributes {
		if _, ok := have.GetCustomAttributes()[name]; !ok {
			missing[name] = enums.INDEXED_VALUE_TYPE_KEYWORD
		}
	}
	if len(missing) == 0 {
		return nil
	}
	_, err = operator.AddSearchAttributes(ctx, &operatorservice.AddSearchAttributesRequest{
		Namespace: temporalNamespace, SearchAttributes: missing,
	})
	return err
}

func (t *temporal) uiAnswers(ctx context.Context) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, t.uiURL(), http.NoBody)
	if err != nil {
		return err
	}
	client := http.Client{} // ctx bounds the request
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("the Temporal UI answers %s", response.Status)
	}
	return nil
}
