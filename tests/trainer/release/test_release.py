def test_x(released):
    for p in sorted(released.release.rglob("*")):
        print(p.relative_to(released.release), p.stat().st_size)
    print((released.release / "README.md").read_text())
    print((released.release / "persona.json").read_text())
    print((released.release / "adapter/adapter_config.json").read_text())
    print((released.release / "generation_config.json").read_text())
    print((released.release / "tokenizer_config.json").read_text())
