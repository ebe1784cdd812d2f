// An enrollment core in another process, as small as an honest one can be. It speaks core protocol 2
// (docs/core-protocol.md) and does what examples/core-python/core.py does.
//
// At each trigger it starts a run, reads the settings, and obeys the policy value AEPolicy: where that forbids
// everything, or nothing is configured, the run ends. Otherwise it binds to the directory, reads the templates, and
// ends the run there, because it cannot make a request. A settings or directory failure ends the run with an entry in
// the event log.
//
//     mcs -r:System.Web.Extensions -out:target/core.exe examples/core-csharp/Core.cs
//     autoenroll core-check 'mono target/core.exe'
//     autoenroll run policy/disabled --core 'mono target/core.exe'

using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Web.Script.Serialization;
using Fields = System.Collections.Generic.Dictionary<string, object>;

/// <summary>The bench broke the contract, or says what this core does not know.</summary>
class Contract : Exception {
    /// <summary>The value of `error`.</summary>
    public readonly Fields Error;

    public Contract(string kind, object what) { Error = new Fields { [kind] = what }; }
}

/// <summary>One principal on one machine.</summary>
class Core {
    const long Disabled = 0x8000;
    static readonly string[] Ignored =
        { "tick", "unlock", "readers-changed", "icon-clicked", "balloon-clicked", "balloon-closed", "wizard-closed" };

    readonly string principal;
    long inputs, effects;
    bool waiting; // for the latest effect,
    string expected; // the result that it must have,
    Action<object> then; // and what to do with it.

    public readonly List<Fields> Outputs = new List<Fields>();

    public Core(string principal) { this.principal = principal; }

    void Put(string kind, object what) {
        var causes = new[] { new { input = inputs } };
        Outputs.Add(new Fields { ["causes"] = causes, ["body"] = new Fields { [kind] = what } });
    }

    void Ask(string effect, string result, Action<object> next) {
        waiting = true;
        expected = result;
        then = next;
        effects += 1;
        Put("effect", new { id = effects, effect });
    }

    /// <summary>Takes one input. A text is an input without data, such as `tick`; an object has one key, its
    /// kind.</summary>
    public void Handle(object what) {
        inputs += 1;
        var (kind, value) = Variant(what);
        if (kind == "trigger") {
            if (waiting) return;
            Put("report", new Fields { ["run-started"] = new { trigger = value } });
            Ask("read-settings", "settings", SettingsRead);
        } else if (kind == "effect-done") {
            var done = (Fields)value;
            EffectDone(Convert.ToInt64(done["effect"]), done["result"]);
        } else if (kind == "prompt-answered") { // This core opens no prompt.
            throw new Contract("unknown-prompt", new { prompt = ((Fields)value)["prompt"] });
        } else if (kind == "log-off") {
            if (!waiting) return;
            Put("abandon-effect", new { id = effects });
            End();
        } else if (!Ignored.Contains(kind)) {
            throw new Contract("failed", new { reason = "unknown input " + kind });
        }
    }

    void EffectDone(long effect, object result) {
        if (!waiting || effect != effects) throw new Contract("unknown-effect", new { effect });
        var (found, value) = Variant(result);
        if (found == "failed") {
            LogFailure(Convert.ToInt64(value));
            End();
        } else if (found == expected) {
            waiting = false;
            then(value);
        } else {
            throw new Contract("wrong-result", new { effect, expected, found });
        }
    }

    void SettingsRead(object settings) {
        var values = (Fields)settings;
        var policy = values["policy"] ?? values["local-policy"];
        if (policy == null || (Convert.ToInt64(policy) & Disabled) != 0) End();
        else Ask("bind-directory", "directory", Bound);
    }

    void Bound(object root) { Ask("read-templates", "templates", TemplatesRead); }

    void TemplatesRead(object templates) { End(); }

    void LogFailure(long code) {
        var facts = new { context = principal, code = $"0x{code:X8}" };
        Put("event", new { source = "AutoEnrollment", id = 15, severity = "error", facts });
    }

    void End() {
        waiting = false;
        Put("report", "run-ended");
    }

    /// <summary>The name of a variant, and its data where it has some.</summary>
    public static (string, object) Variant(object said) {
        if (said is string word) return (word, null);
        var variant = ((Fields)said).First();
        return (variant.Key, variant.Value);
    }
}

static class Program {
    static readonly JavaScriptSerializer Json = new JavaScriptSerializer { MaxJsonLength = int.MaxValue };
    static readonly TextReader Input = new StreamReader(Console.OpenStandardInput()); // UTF-8, as StreamWriter too
    static readonly TextWriter Output = new StreamWriter(Console.OpenStandardOutput()) { AutoFlush = true };

    static void Say(string kind, object what) { Output.Write(Json.Serialize(new Fields { [kind] = what }) + "\n"); }

    static int Main() {
        Core core = null;
        try {
            for (var line = Input.ReadLine(); line != null; line = Input.ReadLine()) {
                var (kind, value) = Core.Variant(Json.DeserializeObject(line));
                if (kind == "start") core = Start((Fields)value);
                else if (kind == "handle" && core != null) Handle(core, (Fields)value);
                else throw new Contract("failed", new { reason = "no message that this core knows" });
            }
        } catch (Contract broken) {
            Say("error", broken.Error);
            return 1;
        }
        return 0;
    }

    static Core Start(Fields start) {
        if (!start["protocol"].Equals(2)) throw new Contract("failed", new { reason = "this core speaks protocol 2" });
        Say("ready", new { protocol = 2, core = "example-csharp 1" });
        return new Core((string)((Fields)start["identity"])["principal"]);
    }

    static void Handle(Core core, Fields handle) {
        core.Handle(handle["input"]);
        foreach (var output in core.Outputs) {
            output["number"] = handle["number"];
            Say("output", output);
        }
        core.Outputs.Clear();
        Say("idle", new Fields { ["number"] = handle["number"], ["deadline"] = null });
    }
}
