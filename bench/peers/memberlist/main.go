// Measures memberlist as bench/cluster measures hearsay: the same experiment, the same figures, one JSON object.
//
//	GO111MODULE=off GOPATH=/usr/share/gocode go build -o memberlist-0.2.2 ./bench/peers/memberlist
//	script/bench cluster --nodes 100 --peer ./memberlist-0.2.2
//
// (Debian: golang-go, golang-github-hashicorp-memberlist-dev.) DefaultLANConfig as it is; all nodes in one process,
// one address of 127/8 each. Bytes are payload, streams counted at the dialler in both directions.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"sort"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/hashicorp/memberlist"
)

var datagrams, datagramBytes, streamBytes int64

// countingTransport counts what its node sends.
type countingTransport struct{ *memberlist.NetTransport }

func (t countingTransport) WriteTo(b []byte, addr string) (time.Time, error) {
	return t.WriteToAddress(b, memberlist.Address{Addr: addr})
}

func (t countingTransport) WriteToAddress(b []byte, addr memberlist.Address) (time.Time, error) {
	atomic.AddInt64(&datagrams, 1)
	atomic.AddInt64(&datagramBytes, int64(len(b)))
	return t.NetTransport.WriteToAddress(b, addr)
}

type countingConn struct{ net.Conn }

func (c countingConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	atomic.AddInt64(&streamBytes, int64(n))
	return n, err
}

func (c countingConn) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	atomic.AddInt64(&streamBytes, int64(n))
	return n, err
}

func (t countingTransport) DialTimeout(addr string, timeout time.Duration) (net.Conn, error) {
	return t.DialAddressTimeout(memberlist.Address{Addr: addr}, timeout)
}

func (t countingTransport) DialAddressTimeout(addr memberlist.Address, timeout time.Duration) (net.Conn, error) {
	conn, err := t.NetTransport.DialAddressTimeout(addr, timeout)
	if err != nil {
		return nil, err
	}
	return countingConn{conn}, nil
}

// watch holds who believes what, kept up to date by the nodes' events.
type watch struct {
	sync.Mutex
	nodes, living, alivePairs int
	alive                     [][]bool
	heldAlive                 []int
	agreedAt                  []time.Time
	killed                    []bool
	deaths                    []float64
	deathsExpected            int
	killedAt                  time.Time
	value                     string
	updated                   int
	heard                     []bool
	updates                   []float64
	updatedAt                 time.Time
	falseDeaths               int
	falseDead                 map[int]bool
}

func newWatch(nodes int) *watch {
	w := &watch{nodes: nodes, living: nodes, heldAlive: make([]int, nodes), agreedAt: make([]time.Time, nodes),
		killed: make([]bool, nodes), heard: make([]bool, nodes), updated: -1, falseDead: map[int]bool{}}
	for i := 0; i < nodes; i++ {
		w.alive = append(w.alive, make([]bool, nodes))
	}
	return w
}

func (w *watch) agreed() bool { return w.alivePairs == w.living*w.living }

// events is one observer's view of the watch; delegate its meta.
type events struct {
	w        *watch
	observer int
}

func indexOf(n *memberlist.Node) int {
	index, err := strconv.Atoi(strings.TrimPrefix(n.Name, "n"))
	if err != nil {
		log.Fatalf("a node named %q", n.Name)
	}
	return index
}

func (e events) NotifyJoin(n *memberlist.Node) {
	w, subject := e.w, indexOf(n)
	w.Lock()
	defer w.Unlock()
	if w.killed[e.observer] || w.killed[subject] || w.alive[e.observer][subject] {
		return
	}
	w.alive[e.observer][subject] = true
	w.alivePairs++
	w.heldAlive[e.observer]++
	if w.heldAlive[e.observer] == w.living {
		w.agreedAt[e.observer] = time.Now()
	}
	w.hear(e.observer, subject, n.Meta)
}

func (e events) NotifyLeave(n *memberlist.Node) {
	w, subject := e.w, indexOf(n)
	w.Lock()
	defer w.Unlock()
	if w.killed[e.observer] || !w.alive[e.observer][subject] {
		return
	}
	w.alive[e.observer][subject] = false
	if w.killed[subject] {
		w.deaths = append(w.deaths, time.Since(w.killedAt).Seconds())
		return
	}
	w.alivePairs--
	w.heldAlive[e.observer]--
	w.falseDeaths++
	w.falseDead[subject] = true
}

func (e events) NotifyUpdate(n *memberlist.Node) {
	e.w.Lock()
	defer e.w.Unlock()
	e.w.hear(e.observer, indexOf(n), n.Meta)
}

func (w *watch) hear(observer, subject int, meta []byte) {
	if subject == w.updated && observer != subject && !w.heard[observer] && string(meta) == w.value {
		w.heard[observer] = true
		w.updates = append(w.updates, time.Since(w.updatedAt).Seconds())
	}
}

type meta struct {
	sync.Mutex
	value string
}

func (m *meta) NodeMeta(int) []byte {
	m.Lock()
	defer m.Unlock()
	return []byte(m.value)
}
func (m *meta) NotifyMsg([]byte)                {}
func (m *meta) GetBroadcasts(int, int) [][]byte { return nil }
func (m *meta) LocalState(bool) []byte          { return nil }
func (m *meta) MergeRemoteState([]byte, bool)   {}

// suspicions counts the log lines that accuse a living node; all else is thrown away.
type suspicions struct {
	w     *watch
	count int64
}

func (s *suspicions) Write(line []byte) (int, error) {
	words := strings.Fields(string(line))
	for i, word := range words {
		if word != "Suspect" || i+1 == len(words) {
			continue
		}
		subject, err := strconv.Atoi(strings.TrimPrefix(words[i+1], "n"))
		s.w.Lock()
		if err == nil && subject < s.w.nodes && !s.w.killed[subject] {
			s.count++
		}
		s.w.Unlock()
	}
	return len(line), nil
}

func cpuSeconds() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		log.Fatal(err)
	}
	seconds := func(t syscall.Timeval) float64 { return float64(t.Sec) + float64(t.Usec)*1e-6 }
	return seconds(u.Utime) + seconds(u.Stime)
}

func residentKiB() float64 {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		log.Fatal(err)
	}
	pages, _ := strconv.ParseFloat(strings.Fields(string(text))[1], 64)
	return pages * float64(os.Getpagesize()) / 1024
}

func quantile(values []float64, part float64) float64 {
	sorted := append([]float64(nil), values...)
	sort.Float64s(sorted)
	return sorted[int(part*float64(len(sorted)-1)+0.5)]
}

func main() {
	nodes := flag.Int("nodes", 50, "how many")
	rest := flag.Float64("for", 30, "seconds at rest")
	updates := flag.Int("updates", 5, "changes of the meta data, one after another")
	kills := flag.Int("kills", 1, "nodes killed one after another")
	patience := flag.Float64("patience", 60, "give up waiting after so many seconds")
	flag.Parse()

	w := newWatch(*nodes)
	suspected := &suspicions{w: w}
	figures := map[string]float64{}
	progress := func(what string) { fmt.Fprintf(os.Stderr, "%d nodes, memberlist: %s\n", *nodes, what) }
	wait := func(done func() bool) {
		end := time.Now().Add(time.Duration(*patience * float64(time.Second)))
		for time.Now().Before(end) {
			w.Lock()
			is := done()
			w.Unlock()
			if is {
				return
			}
			time.Sleep(20 * time.Millisecond)
		}
	}

	before := residentKiB()
	all := make([]*memberlist.Memberlist, *nodes)
	metas := make([]*meta, *nodes)
	port := 0
	for i := range all {
		ip := fmt.Sprintf("127.%d.%d.%d", 101+i/50000, i/200%250, i%200+1)
		logger := log.New(suspected, "", 0)
		transport, err := memberlist.NewNetTransport(&memberlist.NetTransportConfig{
			BindAddrs: []string{ip}, BindPort: port, Logger: log.New(io.Discard, "", 0)})
		if err != nil {
			log.Fatal(err)
		}
		port = transport.GetAutoBindPort()
		metas[i] = &meta{}
		config := memberlist.DefaultLANConfig()
		config.Name = fmt.Sprintf("n%d", i)
		config.BindAddr, config.BindPort = ip, port
		config.AdvertiseAddr, config.AdvertisePort = ip, port
		config.Transport = countingTransport{transport}
		config.Events = events{w, i}
		config.Delegate = metas[i]
		config.Logger = logger
		if all[i], err = memberlist.Create(config); err != nil {
			log.Fatal(err)
		}
	}

	progress("all join node 0 at once")
	cpu := cpuSeconds()
	start := time.Now()
	target := fmt.Sprintf("127.101.0.1:%d", port)
	var refused int64
	for i := 1; i < *nodes; i++ {
		go func(m *memberlist.Memberlist) {
			for tries := 0; tries < 6; tries++ {
				if _, err := m.Join([]string{target}); err == nil {
					return
				}
				atomic.AddInt64(&refused, 1)
				time.Sleep(10 * time.Second)
			}
		}(all[i])
	}
	wait(w.agreed)
	w.Lock()
	var agreedAfter []float64
	for i := range all {
		if w.heldAlive[i] == w.living {
			agreedAfter = append(agreedAfter, w.agreedAt[i].Sub(start).Seconds())
		}
	}
	if len(agreedAfter) > 0 {
		figures["join_median_s"] = quantile(agreedAfter, 0.5)
	}
	if w.agreed() {
		figures["join_last_s"] = quantile(agreedAfter, 1)
	}
	w.Unlock()
	n := float64(*nodes)
	figures["join_cpu_s"] = cpuSeconds() - cpu
	figures["join_datagrams_per_node"] = float64(atomic.LoadInt64(&datagrams)) / n
	figures["join_kb_per_node"] =
		float64(atomic.LoadInt64(&datagramBytes)+atomic.LoadInt64(&streamBytes)) / n / 1000
	figures["joins_refused"] = float64(atomic.LoadInt64(&refused))
	time.Sleep(10 * time.Second)

	progress("at rest")
	cpu, start = cpuSeconds(), time.Now()
	packets, bytes, streams :=
		atomic.LoadInt64(&datagrams), atomic.LoadInt64(&datagramBytes), atomic.LoadInt64(&streamBytes)
	time.Sleep(time.Duration(*rest * float64(time.Second)))
	nodeSeconds := time.Since(start).Seconds() * n
	figures["rest_cpu_ms_per_node_min"] = (cpuSeconds() - cpu) * 1000 * 60 / nodeSeconds
	figures["rest_datagrams_per_node_s"] = float64(atomic.LoadInt64(&datagrams)-packets) / nodeSeconds
	figures["rest_bytes_per_node_s"] = float64(atomic.LoadInt64(&datagramBytes)-bytes) / nodeSeconds
	figures["rest_stream_bytes_per_node_s"] = float64(atomic.LoadInt64(&streamBytes)-streams) / nodeSeconds
	figures["memory_kib_per_node"] = (residentKiB() - before) / n

	var medians, lasts []float64
	missed := 0
	for i := 0; i < *updates; i++ {
		progress(fmt.Sprintf("update %d", i+1))
		subject := i % *nodes
		w.Lock()
		w.value, w.updated, w.updates, w.updatedAt = strconv.Itoa(i+1), subject, nil, time.Now()
		w.heard = make([]bool, *nodes)
		value := w.value
		w.Unlock()
		metas[subject].Lock()
		metas[subject].value = value
		metas[subject].Unlock()
		go all[subject].UpdateNode(10 * time.Second)
		wait(func() bool { return len(w.updates) == w.living-1 })
		w.Lock()
		if len(w.updates) > 0 {
			medians = append(medians, quantile(w.updates, 0.5))
			lasts = append(lasts, quantile(w.updates, 1))
		}
		missed += w.living - 1 - len(w.updates)
		w.Unlock()
		time.Sleep(2 * time.Second)
	}
	if len(medians) > 0 {
		figures["update_median_s"] = quantile(medians, 0.5)
		figures["update_last_s"] = quantile(lasts, 0.5)
		figures["update_worst_s"] = quantile(lasts, 1)
		figures["updates_missed"] = float64(missed)
	}

	next := *nodes
	kill := func(count int) {
		var victims []int
		for len(victims) < count && next > 1 {
			next--
			victims = append(victims, next)
		}
		w.Lock()
		for _, v := range victims {
			w.killed[v] = true
			w.living--
			w.alivePairs -= w.heldAlive[v]
			for i := range all {
				if !w.killed[i] && w.alive[i][v] {
					w.alivePairs--
					w.heldAlive[i]--
				}
			}
		}
		w.deaths, w.deathsExpected, w.killedAt = nil, w.living*len(victims), time.Now()
		w.Unlock()
		for _, v := range victims {
			go all[v].Shutdown()
		}
		wait(func() bool { return len(w.deaths) >= w.deathsExpected })
		time.Sleep(2 * time.Second)
	}

	var firsts []float64
	medians, lasts, missed = nil, nil, 0
	for i := 0; i < *kills; i++ {
		progress(fmt.Sprintf("kill %d", i+1))
		kill(1)
		w.Lock()
		if len(w.deaths) > 0 {
			firsts = append(firsts, quantile(w.deaths, 0))
			medians = append(medians, quantile(w.deaths, 0.5))
			lasts = append(lasts, quantile(w.deaths, 1))
		}
		missed += w.deathsExpected - len(w.deaths)
		w.Unlock()
	}
	if len(firsts) > 0 {
		figures["kill_first_s"] = quantile(firsts, 0.5)
		figures["kill_median_s"] = quantile(medians, 0.5)
		figures["kill_last_s"] = quantile(lasts, 0.5)
		figures["kill_worst_s"] = quantile(lasts, 1)
		figures["kill_missed"] = float64(missed)
	}

	progress("kill a tenth")
	kill(*nodes / 10)
	w.Lock()
	if len(w.deaths) > 0 {
		figures["tenth_first_s"] = quantile(w.deaths, 0)
		figures["tenth_median_s"] = quantile(w.deaths, 0.5)
		figures["tenth_last_s"] = quantile(w.deaths, 1)
	}
	figures["tenth_missed"] = float64(w.deathsExpected - len(w.deaths))
	figures["false_deaths"] = float64(w.falseDeaths)
	figures["false_dead_nodes"] = float64(len(w.falseDead))
	figures["false_suspicions"] = float64(suspected.count)
	w.Unlock()
	if err := json.NewEncoder(os.Stdout).Encode(figures); err != nil {
		log.Fatal(err)
	}
}
