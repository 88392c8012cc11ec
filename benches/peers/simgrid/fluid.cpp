// Flows over a network on SimGrid: one actor starts each flow at its time and then waits for all of them.
//
//   fluid LINKS ROUTES TRACE [FINISH]
//
// The files are those of the bench `fluid`. No latency, no start-up phase, no cross traffic, no bound per flow: rates are
// max-min fair over the links of a route, as the trace demands.

#include <simgrid/s4u.hpp>

#include <cstdio>
#include <ctime>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

namespace sg4 = simgrid::s4u;

struct Flow {
  double arrival;
  sg4::Host* from;
  sg4::Host* to;
  uint64_t bytes;
};

static std::vector<std::vector<std::string>> rows(const char* path)
{
  std::ifstream in(path);
  if (!in) {
    std::fprintf(stderr, "cannot read %s\n", path);
    std::exit(1);
  }
  std::vector<std::vector<std::string>> rows;
  std::string line;
  std::getline(in, line); // the header
  while (std::getline(in, line)) {
    std::vector<std::string> row;
    std::istringstream cells(line);
    for (std::string cell; std::getline(cells, cell, ',');)
      row.push_back(cell);
    rows.push_back(row);
  }
  return rows;
}

static double cpu_seconds()
{
  timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return now.tv_sec + now.tv_nsec * 1e-9;
}

static long peak_kib()
{
  std::ifstream in("/proc/self/status");
  for (std::string line; std::getline(in, line);)
    if (line.rfind("VmHWM:", 0) == 0)
      return std::atol(line.c_str() + 6);
  return 0;
}

int main(int argc, char** argv)
{
  sg4::Engine engine(&argc, argv);
  if (argc < 4) {
    std::fprintf(stderr, "fluid LINKS ROUTES TRACE [FINISH]\n");
    return 2;
  }
  engine.set_config("network/model:CM02");
  engine.set_config("network/crosstraffic:0");
  engine.set_config("network/TCP-gamma:0");
  engine.set_config("network/latency-factor:1");
  engine.set_config("network/bandwidth-factor:1");
  engine.set_config("network/weight-S:0");
  engine.set_config("network/loopback-lat:0");

  auto* zone = sg4::create_full_zone("net");
  std::vector<const sg4::Link*> links;
  for (const auto& row : rows(argv[1]))
    links.push_back(zone->create_link("l" + row[0], std::stod(row[3]) * 1e9 / 8)->set_latency(0)->seal());
  std::map<std::string, sg4::Host*> hosts;
  auto host = [&](const std::string& name) {
    auto& host = hosts[name];
    if (host == nullptr)
      host = zone->create_host("h" + name, 1e9)->seal();
    return host;
  };
  for (const auto& row : rows(argv[2])) {
    std::vector<sg4::LinkInRoute> route;
    std::istringstream numbers(row[2]);
    for (size_t link; numbers >> link;)
      route.emplace_back(links[link]);
    zone->add_route(host(row[0])->get_netpoint(), host(row[1])->get_netpoint(), nullptr, nullptr, route, false);
  }
  zone->seal();
  std::vector<Flow> flows;
  for (const auto& row : rows(argv[3]))
    flows.push_back({std::stod(row[1]), host(row[2]), host(row[3]), std::stoull(row[4])});

  std::vector<sg4::CommPtr> comms;
  comms.reserve(flows.size());
  sg4::Actor::create("source", hosts.begin()->second, [&] {
    for (const auto& flow : flows) {
      sg4::this_actor::sleep_until(flow.arrival);
      comms.push_back(sg4::Comm::sendto_async(flow.from, flow.to, flow.bytes));
    }
    sg4::Comm::wait_all(comms);
  });
  double begin = cpu_seconds();
  engine.run();
  double cpu_s = cpu_seconds() - begin;

  double last = 0;
  double durations = 0;
  for (size_t i = 0; i < flows.size(); i++) {
    last = std::max(last, comms[i]->get_finish_time());
    durations += comms[i]->get_finish_time() - flows[i].arrival;
  }
  if (argc > 4) {
    std::FILE* out = std::fopen(argv[4], "w");
    std::fprintf(out, "flow,finish_s\n");
    for (size_t i = 0; i < flows.size(); i++)
      std::fprintf(out, "%zu,%.17g\n", i, comms[i]->get_finish_time());
    std::fclose(out);
  }
  std::printf("{\"workload\":\"fluid\",\"work\":%zu,\"cpu_s\":%.6f,\"per_cpu_s\":%.0f,\"peak_bytes\":%ld,\"answer\":\"%.12g %.12g\"}\n",
              flows.size(), cpu_s, flows.size() / cpu_s, peak_kib() * 1024, durations / flows.size(), last);
  return 0;
}
